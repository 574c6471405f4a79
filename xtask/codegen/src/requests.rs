//! Two methods for each operation: one builds the request, the other sends it
//! (oxidecomputer/progenitor#750).
//!
//! progenitor writes one method that does both. This splits it, and makes the request the documented one
//! from the start: it accepts JSON, which progenitor says only where it decodes the response itself
//! (oxidecomputer/progenitor#564); it has no `api-version`; and each path parameter is one segment of its
//! URL. Nothing is left for progenitor's hooks to do, so they go.

use std::mem;

use syn::punctuated::Punctuated;
use syn::{
    Expr, ExprLit, ExprMethodCall, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, Item, Lit,
    Local, Pat, PatType, PathArguments, ReturnType, Signature, Stmt, Token, Type, Visibility,
    parse_quote,
};

/// Splits the methods of a generated client, which from then on holds its base URL parsed.
///
/// # Errors
///
/// The name of a method that has another form than progenitor is known to write.
pub fn split(items: &mut Vec<Item>) -> Result<(), String> {
    // The only constant asserts that the client has hooks.
    items.retain(|item| !matches!(item, Item::Const(_)));
    for item in &mut *items {
        match item {
            Item::Use(import) if matches!(import.vis, Visibility::Inherited) => {
                import.tree = parse_quote!(progenitor_client::RequestBuilderExt);
            }
            Item::Struct(client) => {
                for field in &mut client.fields {
                    if field.ident.as_ref().is_some_and(|name| name == "baseurl") {
                        field.ty = parse_quote!(::reqwest::Url);
                    }
                }
            }
            Item::Impl(block) if block.trait_.is_none() => {
                for item in mem::take(&mut block.items) {
                    match item {
                        ImplItem::Fn(method) if method.sig.asyncness.is_some() => {
                            let name = method.sig.ident.to_string();
                            let both = in_two(method);
                            let both =
                                both.ok_or_else(|| format!("`{name}` has an unknown form"))?;
                            block.items.extend(both.map(ImplItem::Fn));
                        }
                        ImplItem::Fn(method) if method.sig.ident == "new_with_client" => {
                            block.items.push(constructor());
                        }
                        // `new`, with an HTTP client that has no keys and follows redirects.
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    items.extend(functions());
    Ok(())
}

fn constructor() -> ImplItem {
    parse_quote! {
        /// Creates a client for the API at a base URL, to whose path those of the operations are appended.
        pub fn new_with_client(baseurl: ::reqwest::Url, client: reqwest::Client) -> Self {
            Self { baseurl, client }
        }
    }
}

/// What the methods call. By the path of the module, as a parameter may have the same name.
fn functions() -> Vec<Item> {
    let file: syn::File = parse_quote! {
        /// Appends path segments to a base URL, encoded.
        fn url<E>(base: &::reqwest::Url, segments: &[&str]) -> Result<::reqwest::Url, Error<E>> {
            let mut url = base.clone();
            url.path_segments_mut()
                .map_err(|()| {
                    let why = format!("the base URL can't have a path: {base}");
                    Error::InvalidRequest(why + "; use one such as https://api.example.com")
                })?
                .pop_if_empty()
                .extend(segments);
            Ok(url)
        }

        /// Refuses text that isn't a path segment, or that URLs drop.
        fn segment<E>(text: &str) -> Result<&str, Error<E>> {
            let is_dropped = |byte| matches!(byte, b'\t' | b'\n' | b'\r');
            if matches!(text, "" | "." | "..") || text.bytes().any(is_dropped) {
                let message = format!("{text:?} can't be a segment of the URL's path");
                return Err(Error::InvalidRequest(message));
            }
            Ok(text)
        }
    };
    file.items
}

/// The method that builds a request, and the one that sends it. `None` for a form that progenitor is not
/// known to write.
fn in_two(mut method: ImplItemFn) -> Option<[ImplItemFn; 2]> {
    // It builds a request, has hooks, executes the request, and at its end reads the response.
    let mut building = mem::take(&mut method.block.stmts);
    let mut reading = building.split_off(building.iter().position(is_operation_info)?);
    reading.drain(..reading.len().checked_sub(2)?);

    let mut request = method.clone();
    let name = &method.sig.ident;
    let docs = format!(" Returns the request that [`Self::{name}`] sends, and sends nothing.");
    request.attrs = vec![parse_quote!(#[doc = #docs])];
    request.sig.asyncness = None;
    request.sig.ident = Ident::new(&format!("{name}_request"), name.span());
    *success(&mut request.sig.output)? = parse_quote!(::reqwest::Request);

    let url = value(building.first_mut()?)?;
    *url = of_segments(url, &method.sig)?;
    let mut last = building.pop()?;
    let result = value(&mut last)?;
    if let Some(start) = call(result, &["options", "trace"]) {
        *start = by_name(start)?;
    }
    let headers = call(result, &["headers"])?;
    let Expr::MethodCall(call) = &mut *headers else {
        return None;
    };
    let receiver = &call.receiver;
    let accepts_json = parse_quote! {
        #receiver.header(
            ::reqwest::header::ACCEPT,
            ::reqwest::header::HeaderValue::from_static("application/json"),
        )
    };
    // The map of headers has `api-version`, and after it the parameters.
    if building.len() > 3 {
        *call.receiver = accepts_json;
        building.remove(2);
    } else {
        *headers = accepts_json;
        building.truncate(1);
    }
    building.push(Stmt::Expr(parse_quote!(Ok(#result)), None));
    request.block.stmts = building;

    let name = &request.sig.ident;
    let arguments = parameters(&method.sig).map(|(name, _)| name);
    *value(reading.first_mut()?)? = parse_quote! {
        self.client.execute(self.#name(#(#arguments),*)?).await?
    };
    method.block.stmts = reading;
    Some([method, request])
}

/// Whether a statement begins what comes after the request.
fn is_operation_info(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(Local { pat: Pat::Ident(name), .. }) if name.ident == "info")
}

/// The value of a `let`.
fn value(statement: &mut Stmt) -> Option<&mut Expr> {
    match statement {
        Stmt::Local(local) => Some(&mut local.init.as_mut()?.expr),
        _ => None,
    }
}

/// The call of a method with one of these names, among those that build a request.
fn call<'e>(built: &'e mut Expr, names: &[&str]) -> Option<&'e mut Expr> {
    match built {
        Expr::Try(tried) => call(&mut tried.expr, names),
        Expr::MethodCall(found) if names.iter().any(|it| found.method == it) => Some(built),
        Expr::MethodCall(other) => call(&mut other.receiver, names),
        _ => None,
    }
}

/// `client.request(Method::TRACE, url)` for `client.trace(url)`, which reqwest doesn't have.
fn by_name(start: &Expr) -> Option<Expr> {
    let Expr::MethodCall(ExprMethodCall {
        receiver,
        method,
        args,
        ..
    }) = start
    else {
        return None;
    };
    let method = Ident::new(&method.to_string().to_uppercase(), method.span());
    Some(parse_quote!(#receiver.request(::reqwest::Method::#method, #args)))
}

/// The `T` of a method that returns a `Result<T, E>`.
fn success(output: &mut ReturnType) -> Option<&mut Type> {
    let ReturnType::Type(_, output) = output else {
        return None;
    };
    let Type::Path(result) = &mut **output else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &mut result.path.segments.last_mut()?.arguments
    else {
        return None;
    };
    match arguments.args.first_mut()? {
        GenericArgument::Type(success) => Some(success),
        _ => None,
    }
}

fn parameters(signature: &Signature) -> impl Iterator<Item = (&Ident, &Type)> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(PatType { pat, ty, .. }) => match &**pat {
            Pat::Ident(name) => Some((&name.ident, &**ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// The URL of a path that is formatted with its parameters: `format!("{}/a/{}", self.baseurl,
/// encode_path(&b.to_string()))`.
fn of_segments(formatted: &Expr, signature: &Signature) -> Option<Expr> {
    let Expr::Macro(formatted) = formatted else {
        return None;
    };
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
    let mut arguments = formatted.mac.parse_body_with(arguments).ok()?.into_iter();
    let Expr::Lit(ExprLit {
        lit: Lit::Str(path),
        ..
    }) = arguments.next()?
    else {
        return None;
    };
    let mut parameters = arguments.skip(1);
    let path = path.value();
    let mut segments: Punctuated<Expr, Token![,]> = Punctuated::new();
    for segment in path.strip_prefix("{}/")?.split('/') {
        let mut parts: Punctuated<Expr, Token![,]> = Punctuated::new();
        for (index, fixed) in segment.split("{}").enumerate() {
            if index > 0 {
                let parameter = text(parameters.next()?, signature)?;
                parts.push(parse_quote!(self::segment(#parameter)?));
            }
            if !fixed.is_empty() {
                parts.push(parse_quote!(#fixed));
            }
        }
        segments.push(match parts.first() {
            Some(part) if parts.len() == 1 => part.clone(),
            Some(_) => parse_quote!(self::segment(&[#parts].concat())?),
            None => parse_quote!(""),
        });
    }
    Some(parse_quote!(self::url(&self.baseurl, &[#segments])?))
}

/// The text of a path parameter, from `encode_path(&b.to_string())`.
fn text(encoded: Expr, signature: &Signature) -> Option<Expr> {
    let Expr::Call(encoded) = encoded else {
        return None;
    };
    let Expr::Reference(text) = encoded.args.first()? else {
        return None;
    };
    let Expr::MethodCall(to_string) = &*text.expr else {
        return None;
    };
    let Expr::Path(parameter) = &*to_string.receiver else {
        return None;
    };
    let is_str = |held: &Type| matches!(held, Type::Path(held) if held.path.is_ident("str"));
    let is_text = parameters(signature).any(|(name, held)| {
        let held = matches!(held, Type::Reference(held) if is_str(&held.elem));
        held && parameter.path.is_ident(name)
    });
    Some(if is_text {
        parse_quote!(#parameter)
    } else {
        parse_quote!(#parameter.to_string().as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(code: &str) -> Result<String, String> {
        let mut file = syn::parse_file(code).unwrap();
        split(&mut file.items)?;
        Ok(prettyplease::unparse(&file))
    }

    const ONE_METHOD: &str = r#"
        impl Client {
            /// Gets a file.
            pub async fn get<'a>(
                &'a self,
                folder: &'a str,
                number: i64,
                trace: Option<&'a str>,
            ) -> Result<ResponseValue<ByteStream>, Error<types::Fault>> {
                let url = format!(
                    "{}/a b/{}/{}-{}.json/{}/", self.baseurl,
                    encode_path(&folder.to_string()), encode_path(&folder.to_string()),
                    encode_path(&number.to_string()), encode_path(&number.to_string()),
                );
                let mut header_map = HeaderMap::with_capacity(2usize);
                header_map.append("api-version", version);
                if let Some(value) = trace {
                    header_map.append("trace", value.to_string().try_into()?);
                }
                #[allow(unused_mut)]
                let mut _request = self.client.get(url).headers(header_map).build()?;
                let info = OperationInfo { operation_id: "get" };
                self.pre(&mut _request, &info).await?;
                let result = self.exec(_request, &info).await;
                self.post(&result, &info).await?;
                let response = result?;
                match response.status().as_u16() {
                    200u16 => Ok(ResponseValue::stream(response)),
                    _ => Err(Error::UnexpectedResponse(response)),
                }
            }
        }
    "#;

    const TWO_METHODS: &str = r#"
        impl Client {
            /// Gets a file.
            pub async fn get<'a>(
                &'a self,
                folder: &'a str,
                number: i64,
                trace: Option<&'a str>,
            ) -> Result<ResponseValue<ByteStream>, Error<types::Fault>> {
                let response = self.client.execute(self.get_request(folder, number, trace)?).await?;
                match response.status().as_u16() {
                    200u16 => Ok(ResponseValue::stream(response)),
                    _ => Err(Error::UnexpectedResponse(response)),
                }
            }
            /// Returns the request that [`Self::get`] sends, and sends nothing.
            pub fn get_request<'a>(
                &'a self,
                folder: &'a str,
                number: i64,
                trace: Option<&'a str>,
            ) -> Result<::reqwest::Request, Error<types::Fault>> {
                let url = self::url(&self.baseurl, &[
                    "a b",
                    self::segment(folder)?,
                    self::segment(&[self::segment(folder)?, "-", self::segment(number.to_string().as_str())?, ".json"].concat())?,
                    self::segment(number.to_string().as_str())?,
                    "",
                ])?;
                let mut header_map = HeaderMap::with_capacity(2usize);
                if let Some(value) = trace {
                    header_map.append("trace", value.to_string().try_into()?);
                }
                Ok(
                    self.client
                        .get(url)
                        .header(
                            ::reqwest::header::ACCEPT,
                            ::reqwest::header::HeaderValue::from_static("application/json"),
                        )
                        .headers(header_map)
                        .build()?,
                )
            }
        }
    "#;

    #[test]
    fn a_method_becomes_one_that_builds_the_request_and_one_that_sends_it() {
        let split = split_of(ONE_METHOD).unwrap();
        let expected = prettyplease::unparse(&syn::parse_file(TWO_METHODS).unwrap());
        let functions = split.strip_prefix(&expected);
        assert!(
            functions.is_some_and(|it| it.contains("fn segment")),
            "{split}"
        );
    }

    #[test]
    fn a_method_that_reqwest_lacks_is_named() {
        for (method, expected) in [("options", "OPTIONS"), ("trace", "TRACE")] {
            let code = ONE_METHOD.replace("client.get", &format!("client.{method}"));
            let expected = format!(".request(::reqwest::Method::{expected}, url)");
            assert!(split_of(&code).unwrap().contains(&expected), "{method}");
        }
    }

    #[test]
    fn a_method_of_an_unknown_form_is_named() {
        for (known, unknown) in [
            ("let info", "let about"),
            ("format!(", "path("),
            (".headers(header_map)", ""),
            ("encode_path(&number.to_string())", "number"),
        ] {
            let error = split_of(&ONE_METHOD.replace(known, unknown)).unwrap_err();
            assert!(error.contains("`get`"), "{known}: {error}");
        }
    }
}
