//! Where the API is: a Datadog site, or a base URL of the caller's.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::Error;

/// A Datadog site, the region that holds an organization's data. The API of a site is at
/// `https://api.<site>`.
///
/// The constants are the documented sites (`#/servers/0/variables/site`). Any other site of Datadog's
/// is taken by its name, so that a new one needs no release of this crate:
///
/// ```
/// # use llmobs_datasets::Site;
/// let site: Site = "uk1.datadoghq.com".parse()?;
/// assert_eq!(site.domain(), "uk1.datadoghq.com");
///
/// let error = "https://app.datadoghq.eu".parse::<Site>().unwrap_err();
/// assert!(error.to_string().ends_with("did you mean \"datadoghq.eu\"?"));
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site(Cow<'static, str>);

/// The domains that Datadog's sites are in.
const DOMAINS: [&str; 3] = ["datadoghq.com", "datadoghq.eu", "ddog-gov.com"];

impl Site {
    /// `datadoghq.com`, the default.
    pub const US1: Self = Self(Cow::Borrowed("datadoghq.com"));
    /// `us3.datadoghq.com`.
    pub const US3: Self = Self(Cow::Borrowed("us3.datadoghq.com"));
    /// `us5.datadoghq.com`.
    pub const US5: Self = Self(Cow::Borrowed("us5.datadoghq.com"));
    /// `ap1.datadoghq.com`.
    pub const AP1: Self = Self(Cow::Borrowed("ap1.datadoghq.com"));
    /// `ap2.datadoghq.com`.
    pub const AP2: Self = Self(Cow::Borrowed("ap2.datadoghq.com"));
    /// `datadoghq.eu`.
    pub const EU1: Self = Self(Cow::Borrowed("datadoghq.eu"));
    /// `ddog-gov.com`.
    pub const US1_FED: Self = Self(Cow::Borrowed("ddog-gov.com"));
    /// `us2.ddog-gov.com`.
    pub const US2_FED: Self = Self(Cow::Borrowed("us2.ddog-gov.com"));

    /// The documented sites.
    pub const ALL: [Self; 8] = [
        Self::US1,
        Self::US3,
        Self::US5,
        Self::AP1,
        Self::AP2,
        Self::EU1,
        Self::US1_FED,
        Self::US2_FED,
    ];

    /// The domain of the site, such as `us3.datadoghq.com`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.0
    }

    /// The site that somebody meant who wrote the address of its web page, the address of its API or
    /// its short name.
    fn meant_by(text: &str) -> Option<String> {
        let text = text.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let short = match text.as_str() {
            "us" | "us1" => Self::US1,
            "us3" => Self::US3,
            "us5" => Self::US5,
            "ap1" => Self::AP1,
            "ap2" => Self::AP2,
            "eu" | "eu1" => Self::EU1,
            "gov" | "us1-fed" | "us1_fed" => Self::US1_FED,
            "us2-fed" | "us2_fed" => Self::US2_FED,
            _ => {
                let host = text
                    .split_once("://")
                    .map_or(text.as_str(), |(_, rest)| rest);
                let host = host.split(['/', ':', '?', '#']).next().unwrap_or_default();
                let site = ["app.", "api.", "www."]
                    .iter()
                    .find_map(|prefix| host.strip_prefix(prefix))
                    .unwrap_or(host);
                return is_site(site).then(|| site.to_owned());
            }
        };
        Some(short.domain().to_owned())
    }
}

impl Default for Site {
    /// [`Site::US1`].
    fn default() -> Self {
        Self::US1
    }
}

/// Whether a text is the name of a site: one of Datadog's domains, or one label below it.
fn is_site(text: &str) -> bool {
    DOMAINS.iter().any(|domain| {
        text == *domain
            || text
                .strip_suffix(domain)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|label| {
                    !matches!(label, "" | "app" | "api" | "www")
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                        && label
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                })
    })
}

impl FromStr for Site {
    type Err = Error;

    /// Reads the domain of a site, such as `us3.datadoghq.com`: no scheme, no subdomain.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the site that was probably
    /// meant, if one can be told.
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_site(text) {
            return Ok(Self(Cow::Owned(text.to_owned())));
        }
        let remedy = match Self::meant_by(text) {
            Some(site) => format!("did you mean {site:?}?"),
            None => "write a site such as \"datadoghq.eu\", without scheme and subdomain; \
                     for a host that isn't Datadog's, use a base URL"
                .to_owned(),
        };
        Err(Error::configuration(format!(
            "{text:?} is not a Datadog site; {remedy}"
        )))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A base URL in the place of a site: a proxy of one's own, a test server, the sandbox. It may have a
/// path, which the paths of the API follow.
///
/// It is `https`, or `http` to this machine (`localhost`, `127.0.0.0/8`, `[::1]`): keys are not sent
/// over a network in the clear unless [asked for](Self::with_plain_http).
///
/// ```
/// use llmobs_datasets::BaseUrl;
///
/// let proxy: BaseUrl = "https://proxy.example.com/datadog".parse()?;
/// let sandbox: BaseUrl = "http://127.0.0.1:8080".parse()?;
///
/// let error = "http://proxy.example.com".parse::<BaseUrl>().unwrap_err();
/// assert!(error.to_string().contains("would send the keys in the clear"));
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    secure: bool,
}

impl BaseUrl {
    /// A base URL whose host may be reached over plain HTTP. **Whoever is on the way can read the
    /// keys.**
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for what is no `http` or `https`
    /// URL, and for one with a user, a password, a query or a fragment. The error doesn't show it.
    pub fn with_plain_http(text: &str) -> Result<Self, Error> {
        let refuse = |fault: &str| {
            // Not the text itself: it may hold a password.
            Err(Error::configuration(format!(
                "the base URL can't be used: {fault}; write one such as \"https://proxy.example.com/datadog\""
            )))
        };
        let Ok(url) = Url::parse(text) else {
            return refuse("it is not a URL");
        };
        // Of these two schemes, each URL has a host.
        let ("http" | "https", Some(host)) = (url.scheme(), url.host_str()) else {
            return refuse("its scheme is not http or https");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it holds a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has a query or a fragment");
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            host: host.to_owned(),
            secure: url.scheme() == "https",
        })
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    /// Reads a base URL to which keys can be sent safely.
    ///
    /// # Errors
    ///
    /// As of [`BaseUrl::with_plain_http`], and for plain HTTP to another machine.
    fn from_str(text: &str) -> Result<Self, Error> {
        let url = Self::with_plain_http(text)?;
        if url.secure || url.is_loopback() {
            return Ok(url);
        }
        Err(Error::configuration(format!(
            "the base URL with the host {:?} is plain http, which would send the keys in the clear; \
             use https, or BaseUrl::with_plain_http if that is meant",
            url.host
        )))
    }
}

/// Where the API is. One setting, so that a site and a base URL can't both be given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// The API of a Datadog site.
    Site(Site),
    /// The API at a base URL.
    BaseUrl(BaseUrl),
}

impl Endpoint {
    pub(crate) fn base_url(&self) -> String {
        match self {
            Self::Site(site) => format!("https://api.{site}"),
            Self::BaseUrl(url) => url.text.clone(),
        }
    }

    pub(crate) fn host(&self) -> String {
        match self {
            Self::Site(site) => format!("api.{site}"),
            Self::BaseUrl(url) => url.host.clone(),
        }
    }

    pub(crate) fn needs_tls(&self) -> bool {
        match self {
            Self::Site(_) => true,
            Self::BaseUrl(url) => url.secure,
        }
    }

    /// Whether it is this machine over plain HTTP. A proxy would be given the keys in the clear.
    pub(crate) fn needs_no_proxy(&self) -> bool {
        match self {
            Self::Site(_) => false,
            Self::BaseUrl(url) => !url.secure && url.is_loopback(),
        }
    }
}

impl Default for Endpoint {
    /// [`Site::US1`].
    fn default() -> Self {
        Self::Site(Site::default())
    }
}

impl From<Site> for Endpoint {
    fn from(site: Site) -> Self {
        Self::Site(site)
    }
}

impl From<BaseUrl> for Endpoint {
    fn from(url: BaseUrl) -> Self {
        Self::BaseUrl(url)
    }
}
