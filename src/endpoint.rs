//! The location of the API: a Datadog site or a base URL.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::text::text;

/// A Datadog site, the region that holds an organization's data. The API of a site is at
/// `https://api.<site>`.
///
/// The constants are the documented sites (`#/servers/0/variables/site`). Any other Datadog site is accepted
/// by name, so new sites work without a new release:
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Site(Cow<'static, str>);

/// The domains of Datadog's sites.
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

    /// The documented sites. A new release may add some.
    pub const ALL: &[Self] = &[
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
    pub fn domain(&self) -> &str {
        &self.0
    }

    /// The site that was probably meant by the address of a web page or API, or by a short name.
    fn meant_by(text: &str) -> Option<String> {
        let text = text.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let host = text.split_once("://").map_or(&*text, |(_, rest)| rest);
        let mut host = host.split(['/', ':', '?', '#']).next()?;
        // `app.`, `api.`, `agent.`, `http-intake.logs.` and the like.
        while let Some((label, rest)) = host.split_once('.')
            && label.starts_with(|c: char| c.is_ascii_lowercase())
            && label.ends_with(|c: char| c.is_ascii_lowercase())
            && DOMAINS.iter().any(|domain| rest.ends_with(domain))
        {
            host = rest;
        }
        if let Some(site) = alias(host) {
            return Some(site.to_string());
        }
        let short = is_label(host).then(|| format!("{host}.datadoghq.com"));
        short.or_else(|| is_site(host).then(|| host.to_owned()))
    }
}

/// The site for a short name, or for a name that looks like a site but has no API.
fn alias(text: &str) -> Option<Site> {
    Some(match text {
        "us" | "us1" | "us1.datadoghq.com" => Site::US1,
        "eu" | "eu1" | "eu1.datadoghq.eu" | "eu1.datadoghq.com" => Site::EU1,
        "gov" | "us1-fed" | "us1_fed" | "us1.ddog-gov.com" => Site::US1_FED,
        "us2-fed" | "us2_fed" => Site::US2_FED,
        _ => return None,
    })
}

/// Whether a text has the form of a site's label, which ends in a number: `us3`.
fn is_label(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() < text.len()
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// Whether a text is the name of a site: one of Datadog's domains, or one label below it.
fn is_site(text: &str) -> bool {
    let below = |domain| text.strip_suffix(domain)?.strip_suffix('.');
    let in_domain = |domain| text == domain || below(domain).is_some_and(is_label);
    DOMAINS.into_iter().any(in_domain) && alias(text).is_none()
}

impl Default for Site {
    /// [`Site::US1`].
    fn default() -> Self {
        Self::US1
    }
}

impl FromStr for Site {
    type Err = Error;

    /// Parses the domain of a site, such as `us3.datadoghq.com`, without a scheme or subdomain.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for any other text. The error suggests
    /// the site that was probably meant, if there is one.
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_site(text) {
            return Ok(Self(Cow::Owned(text.to_owned())));
        }
        let remedy = match Self::meant_by(text) {
            Some(site) => format!("did you mean {site:?}?"),
            None => "use a site such as \"datadoghq.eu\", without a scheme or subdomain; \
                     for a host that isn't Datadog's, use a base URL"
                .to_owned(),
        };
        Err(Error::configuration(format!(
            "{text:?} is not a Datadog site; {remedy}"
        )))
    }
}

text!(Site, domain);

/// The location of the API: a [`Site`], a proxy of your own, a test server or the sandbox. The paths of the API
/// are appended to its path, if it has one.
///
/// The scheme is `https`, or `http` for this machine (`localhost`, `127.0.0.0/8`, `[::1]`): keys are not
/// sent over a network in cleartext unless [you opt in](Self::with_plain_http). `http://localhost` connects
/// to loopback addresses only, even if a resolver returns others.
///
/// ```
/// use llmobs_datasets::BaseUrl;
///
/// let proxy: BaseUrl = "https://proxy.example.com/datadog".parse()?;
/// let sandbox: BaseUrl = "http://127.0.0.1:8080".parse()?;
///
/// let error = "http://proxy.example.com".parse::<BaseUrl>().unwrap_err();
/// assert!(error.to_string().contains("would send the keys in cleartext"));
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Parses a base URL, and allows plain HTTP to any host. **Anybody on the network path can then read the
    /// keys.**
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for anything but an `http` or `https`
    /// URL, and for a URL with a user, a password, a query or a fragment. The error doesn't show the URL.
    pub fn with_plain_http(text: &str) -> Result<Self, Error> {
        let fault = match Url::parse(text) {
            Err(_) => "it is not a URL",
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                "its scheme is not http or https"
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "it contains a user name or password"
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                "it has a query or a fragment"
            }
            Ok(url) => return Ok(Self(url.as_str().trim_end_matches('/').to_owned())),
        };
        // The error omits the text, which may contain a password.
        Err(Error::configuration(format!(
            "the base URL can't be used: {fault}; use one such as \"https://proxy.example.com/datadog\""
        )))
    }

    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL, with a slash for a path if it has none.
    pub(crate) fn url(&self) -> Result<Url, Error> {
        let why = |error| Error::configuration(format!("the base URL can't be used: {error}"));
        self.0.parse().map_err(why)
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    /// Parses a base URL to which keys can be sent safely.
    ///
    /// # Errors
    ///
    /// Same as [`BaseUrl::with_plain_http`], and for plain HTTP to another machine.
    fn from_str(text: &str) -> Result<Self, Error> {
        let base_url = Self::with_plain_http(text)?;
        let url = base_url.url()?;
        if url.scheme() == "https" || is_plain_loopback(&url) {
            return Ok(base_url);
        }
        Err(Error::configuration(format!(
            "the base URL with the host {:?} is plain http, which would send the keys in cleartext; \
             use https, or BaseUrl::with_plain_http if that is what you want",
            url.host_str().unwrap_or_default()
        )))
    }
}

impl From<Site> for BaseUrl {
    /// The API of a site: `https://api.<site>`.
    fn from(site: Site) -> Self {
        Self(format!("https://api.{site}"))
    }
}

text!(BaseUrl, as_str);

/// The host name that always resolves to [`LOOPBACK`].
pub(crate) const LOCALHOST: &str = "localhost";

/// The loopback addresses. Port 0 stands for the port of the URL.
pub(crate) const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// Whether a URL is plain HTTP to this machine. It needs no TLS, and must not use a proxy, which would receive
/// the keys in cleartext.
pub(crate) fn is_plain_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_loopback = host == LOCALHOST || address.is_ok_and(|address| address.is_loopback());
    url.scheme() == "http" && is_loopback
}

/// The host of a URL as errors show it, with the port unless it is the scheme's default.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
