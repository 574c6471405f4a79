//! Configuration of a client.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use llmobs_datasets_generated as generated;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::watch;

use crate::client::{Inner, Settings};
use crate::credentials;
use crate::endpoint::{LOCALHOST, LOOPBACK, is_plain_loopback};
use crate::error::chain;
use crate::hooks::{Attempt, AttemptResult, Hooks};
use crate::retry::Budget;
use crate::{BaseUrl, Client, Credentials, Error, Result, RetryPolicy, Site};

const VERSION: &str = concat!("llmobs-datasets/", env!("CARGO_PKG_VERSION"));

/// Configures a [`Client`]. Each setting has a default.
///
/// ```
/// # use std::time::Duration;
/// use llmobs_datasets::{Client, Credentials, Site};
///
/// let client = Client::builder(Credentials::new("api-key", "application-key")?)
///     .endpoint(Site::EU1)
///     .attempt_timeout(Duration::from_secs(5))
///     .user_agent("dataset-editor/2.1")
///     .build()?;
/// # Ok::<(), llmobs_datasets::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "`build` makes the client"]
pub struct ClientBuilder {
    credentials: Credentials,
    settings: Settings,
    user_agent: String,
    http: Option<reqwest::ClientBuilder>,
    proxies_of_environment: bool,
    hooks: Hooks,
}

impl ClientBuilder {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            settings: Settings::default(),
            user_agent: VERSION.to_owned(),
            http: None,
            proxies_of_environment: false,
            hooks: Hooks::default(),
        }
    }

    /// Creates a builder with the keys, the endpoint and the proxies of the environment, same as
    /// [`Client::from_env`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with the name of the variable
    /// that is missing or wrong, and how to fix it.
    pub fn from_env() -> Result<Self> {
        let mut builder = Self::new(Credentials::from_env()?);
        builder.proxies_of_environment = true;
        Ok(match endpoint_variable::<BaseUrl>(BASE_URL)? {
            Some(base_url) => builder.endpoint(base_url),
            None => builder.endpoint(endpoint_variable::<Site>("DD_SITE")?.unwrap_or_default()),
        })
    }

    /// Sets the location of the API: a [`Site`] or a [`BaseUrl`]. [`Site::US1`] by default.
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// use llmobs_datasets::{BaseUrl, Site};
    ///
    /// let eu = Client::builder(keys.clone()).endpoint(Site::EU1).build()?;
    /// let sandbox: BaseUrl = "http://127.0.0.1:8080".parse()?;
    /// let test = Client::builder(keys).endpoint(sandbox).build()?;
    /// # Ok::<(), llmobs_datasets::Error>(())
    /// ```
    pub fn endpoint(mut self, endpoint: impl Into<BaseUrl>) -> Self {
        self.settings.endpoint = endpoint.into();
        self
    }

    /// Sets the retry policy. See [`RetryPolicy`] for the default.
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// use llmobs_datasets::RetryPolicy;
    ///
    /// let once = Client::builder(keys).retry(RetryPolicy::none()).build()?;
    /// # Ok::<(), llmobs_datasets::Error>(())
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Sets the connect timeout: DNS, TCP, proxy and TLS handshake together. 5 seconds by default, and at most
    /// half of the attempt timeout and of the call timeout, so that it always expires first. Nothing has been
    /// sent then, so the error is [`ErrorKind::NotSent`](crate::ErrorKind::NotSent).
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// # use std::time::Duration;
    /// let client = Client::builder(keys)
    ///     .connect_timeout(Duration::from_secs(2))
    ///     .attempt_timeout(Duration::from_secs(5))
    ///     .call_timeout(Duration::from_secs(20))
    ///     .build()?;
    /// # Ok::<(), llmobs_datasets::Error>(())
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Sets the attempt timeout, from the start of an attempt to the end of its response. 15 seconds by
    /// default. If a response has started to arrive when it expires, its status is used.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = timeout;
        self
    }

    /// Sets the call timeout, for all attempts of a call and the waits between them. 60 seconds by default.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_timeout = timeout;
        self
    }

    /// Sets the maximum number of response body bytes to read. 1 MiB by default; the documented responses
    /// have less than 1 KiB. A larger success is an
    /// [`UnreadableSuccess`](crate::ErrorKind::UnreadableSuccess).
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_response_bytes = bytes;
        self
    }

    /// Sets a prefix for the `User-Agent` header, such as `"dataset-editor/2.1"`. This crate's name and version
    /// follow it. No prefix by default.
    pub fn user_agent(mut self, prefix: impl Into<String>) -> Self {
        self.user_agent = format!("{} {VERSION}", prefix.into());
        self
    }

    /// Sets the HTTP client to build on, for a proxy, further root certificates and the like. Redirects,
    /// retries, the headers with the keys, the user agent and the connect timeout are still set by this
    /// builder, and no proxy is ever used for plain HTTP to this machine. Everything else is then yours to
    /// set:
    ///
    /// - The default client drops idle connections after 20 seconds, before most servers close them, as a
    ///   request that is sent just then is lost. reqwest's own default is 90 seconds.
    /// - The default client speaks only HTTP/1.1. With HTTP/2, all attempts of a call share one connection,
    ///   so a connection that hangs defeats them all. Set `http2_keep_alive_interval` and
    ///   `http2_keep_alive_timeout` to less than the attempt timeout to have it closed.
    /// - reqwest uses the proxies of the environment, unless `no_proxy` turns them off.
    /// - With the feature `rustls-no-provider` alone, a crypto provider must be installed even if this
    ///   client brings its own TLS: there is no way to detect whether it does.
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// # use std::time::Duration;
    /// use llmobs_datasets::reqwest;
    ///
    /// let http = reqwest::Client::builder()
    ///     .proxy(reqwest::Proxy::all("http://proxy.example.com:3128")?)
    ///     .http1_only()
    ///     .pool_idle_timeout(Duration::from_secs(20));
    /// let client = Client::builder(keys).http(http).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn http(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = Some(http);
        self
    }

    /// Sets the longest time that [`draft_lock`](crate::Dataset::draft_lock) and
    /// [`with_draft_lock`](crate::Dataset::with_draft_lock) wait for a lock that another user or another task
    /// of this process holds. Both waits share one deadline. A request in flight at the deadline is not cut
    /// off.
    ///
    /// By default, another user's lock is refused at once, and tasks of this process wait for each other
    /// without a limit. [`Duration::ZERO`] refuses both at once.
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.settings.lock_wait = Some(wait);
        self
    }

    /// Sets whether to adopt a draft lock that this user held before the call, so that a service recovers its
    /// own lock after a crash. On by default. Turn it off where several processes share an application key:
    /// such a lock is then refused with [`ErrorKind::HeldBefore`](crate::ErrorKind::HeldBefore), and stays
    /// held.
    ///
    /// A lock was held before if its `drafting_since` is more than 2 seconds earlier than the first attempt
    /// of the call, by the server's clock (its `Date` header). A lock that another process acquired within
    /// these 2 seconds is not detected. No lock is detected if the service resets `drafting_since` whenever
    /// its holder locks again.
    pub fn adopt_held_lock(mut self, adopt: bool) -> Self {
        self.settings.adopt_held_lock = adopt;
        self
    }

    /// Sets a hook to call before each attempt. It can add headers to the request, such as
    /// `traceparent`. It doesn't see the headers with the keys. Don't copy the headers of another request: its
    /// `host` and `content-length` would be sent, too.
    ///
    /// The hook runs within the call: it must not block, and if it panics, the call panics.
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// use llmobs_datasets::reqwest::header::HeaderValue;
    ///
    /// let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let client = Client::builder(keys)
    ///     .before_attempt(move |_, headers| {
    ///         headers.insert("traceparent", HeaderValue::from_static(traceparent));
    ///     })
    ///     .build()?;
    /// # Ok::<(), llmobs_datasets::Error>(())
    /// ```
    pub fn before_attempt(
        mut self,
        hook: impl Fn(&Attempt<'_>, &mut HeaderMap) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.before = Some(Arc::new(hook));
        self
    }

    /// Sets a hook to call after each attempt, for metrics. An attempt whose call is dropped has no
    /// result, so the hook isn't called for it.
    ///
    /// The hook runs within the call: it must not block, and if it panics, the call panics.
    ///
    /// ```
    /// # use llmobs_datasets::{Client, Credentials};
    /// # let keys = Credentials::new("api-key", "application-key")?;
    /// let client = Client::builder(keys)
    ///     .after_attempt(|attempt, result| {
    ///         let template = attempt.operation.url_template();
    ///         println!("{template}: {:?} in {:?}", result.status, result.duration);
    ///     })
    ///     .build()?;
    /// # Ok::<(), llmobs_datasets::Error>(())
    /// ```
    pub fn after_attempt(
        mut self,
        hook: impl Fn(&Attempt<'_>, &AttemptResult) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.after = Some(Arc::new(hook));
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the user agent isn't allowed in a
    /// header, TLS can't be set up (or is not in this build, though the endpoint needs it), or the client
    /// passed to [`http`](Self::http) can't be built.
    pub fn build(self) -> Result<Client> {
        let url = self.settings.endpoint.url()?;
        if cfg!(not(feature = "__tls")) && url.scheme() != "http" {
            return Err(Error::configuration(
                "this build has no TLS; enable the feature `rustls` or `native-tls` of llmobs-datasets",
            ));
        }
        // With one of the other TLS features, reqwest needs no installed provider.
        #[cfg(all(
            feature = "rustls-no-provider",
            not(any(feature = "rustls", feature = "native-tls"))
        ))]
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(Error::configuration(
                "rustls has no crypto provider; install one before a client is built, such as with \
                 `rustls::crypto::ring::default_provider().install_default()`, or enable the feature \
                 `rustls` of llmobs-datasets",
            ));
        }
        // Checked here, because reqwest's error doesn't name the header.
        let user_agent = HeaderValue::try_from(&self.user_agent).map_err(|_| {
            Error::configuration(format!(
                "the user agent {:?} contains a character that isn't allowed in an HTTP header; remove it",
                self.user_agent
            ))
        })?;
        let proxies = self.proxies_of_environment && self.http.is_none();
        let proxy = proxies.then(|| proxy_of_environment(&url)).flatten();
        let mut http = match self.http {
            Some(http) => http,
            None if proxies => default_http(),
            None => default_http().no_proxy(),
        };
        if is_plain_loopback(&url) {
            http = http.no_proxy().resolve_to_addrs(LOCALHOST, &LOOPBACK);
            #[cfg(feature = "__tls")]
            {
                // Root certificates would not be used, and a machine may have none.
                http = http.tls_certs_only([]);
            }
        }
        let http = http
            .default_headers(self.credentials.headers()?)
            .user_agent(user_agent)
            .connect_timeout(self.settings.connect_limit())
            // A redirect would carry the keys to another host, and a POST would become a GET.
            .redirect(reqwest::redirect::Policy::none())
            // Attempts are counted here. Without the 0, reqwest keeps a copy of each request.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .build()
            .map_err(|error| {
                let why: Vec<String> = chain(&error).map(ToString::to_string).collect();
                let why = why.join(": ");
                let remedy = if why.contains("certificate") {
                    "; install the root certificates of the system (often the package \
                     `ca-certificates`), or set SSL_CERT_FILE to a file with some"
                } else {
                    ""
                };
                Error::configuration(format!("the HTTP client can't be built: {why}{remedy}"))
            })?;
        Ok(Client::new(Inner {
            user: self.credentials.user_at(self.settings.endpoint.as_str()),
            generated: generated::Client::new_with_client(url.clone(), http),
            proxy,
            url,
            redactor: self.credentials.redactor(),
            credentials: self.credentials,
            budget: Budget::new(self.settings.retry.budget_size()),
            settings: self.settings,
            locks: watch::Sender::default(),
            hooks: self.hooks,
        }))
    }
}

/// The environment variable that replaces the site with a base URL.
const BASE_URL: &str = "LLMOBS_DATASETS_BASE_URL";

/// Parses an environment variable as a site or base URL. An empty one counts as unset.
fn endpoint_variable<T: FromStr<Err = Error>>(variable: &str) -> Result<Option<T>> {
    let value = credentials::from_env(variable)?.filter(|value| !value.is_empty());
    let parsed = value.map(|value| value.parse()).transpose();
    parsed.map_err(|error| {
        Error::configuration(format!("the environment variable {variable}: {error}"))
    })
}

/// The HTTP client to build on if the caller passes none.
fn default_http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        // All attempts of a call would share a hung HTTP/2 connection.
        .http1_only()
        // A request that is sent just when the server closes its idle connection is lost.
        .pool_idle_timeout(Duration::from_secs(20))
}

/// The proxy of the environment for a URL, without its user and password.
fn proxy_of_environment(url: &Url) -> Option<Arc<str>> {
    let url = url.as_str().parse().ok()?;
    // Same lookup as reqwest's.
    let proxy = Matcher::from_system().intercept(&url)?;
    Some(format!("the proxy {}", proxy.uri().authority()?).into())
}

#[cfg(all(test, not(any(feature = "rustls", feature = "native-tls"))))]
mod tests {
    use super::*;

    #[cfg(feature = "rustls-no-provider")]
    #[test]
    fn without_a_crypto_provider_nothing_is_built() {
        let keys = Credentials::new("a", "b").unwrap();
        let error = Client::builder(keys).build().unwrap_err().to_string();
        assert!(error.contains("install one before"), "{error}");
    }

    #[cfg(not(feature = "rustls-no-provider"))]
    #[test]
    fn without_tls_only_plain_http_is_built() {
        let builder = || Client::builder(Credentials::new("a", "b").unwrap());
        let error = builder().build().unwrap_err().to_string();
        assert!(
            error.contains("enable the feature `rustls` or `native-tls`"),
            "{error}"
        );
        let sandbox: crate::BaseUrl = "http://127.0.0.1:1".parse().unwrap();
        builder().endpoint(sandbox).build().unwrap();
    }
}
