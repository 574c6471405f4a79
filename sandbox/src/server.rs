//! Connections: accepting them, serving them, and closing them where a fault says so.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::operations::{LogEntry, Service};
use crate::response::Hangup;

/// The address that a request came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Marks the response to a request to stop the sandbox.
#[derive(Clone, Copy)]
pub(crate) struct LastResponse;

/// Accepts connections and runs tasks until a request stops the sandbox or this future is dropped, which
/// ends all of them.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    router: Router,
    mut tasks: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>,
) {
    let mut stop = service.stop.subscribe();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            (socket, peer) = accept(&listener) => {
                running.spawn(connection(socket, peer, Arc::clone(&service), router.clone()));
            },
            Some(task) = tasks.recv() => {
                running.spawn(task);
            }
            Some(_) = running.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Accepts the next connection. Pauses after an error that will recur at once, such as a lack of file
/// descriptors, because the loop would take all of a processor.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => match error.kind() {
                ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {}
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
}

async fn connection(socket: TcpStream, peer: SocketAddr, service: Arc<Service>, router: Router) {
    let last = AtomicBool::new(false);
    let respond = service_fn(|mut request: Request<Incoming>| {
        let (router, last) = (router.clone(), &last);
        async move {
            request.extensions_mut().insert(Peer(peer));
            let Ok(response) = router
                .oneshot(request)
                .await
                .map_err(|never: Infallible| never);
            if response.extensions().get::<LastResponse>().is_some() {
                last.store(true, Ordering::Relaxed);
            }
            match response.extensions().get::<Hangup>() {
                Some(_) => Err(io::Error::other("the fault script says so")),
                None => Ok(response),
            }
        }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(socket), respond)
        .await;
    match served {
        Err(error) if error.is_parse() => service.log(LogEntry {
            request: format!("malformed request: {error}"),
            operation: None,
            user: None,
            status: Some(if error.is_parse_too_large() { 431 } else { 400 }),
        }),
        // A client that hangs up is no fault of the sandbox.
        _ => {}
    }
    // Only now, because the response to this request is sent.
    if last.load(Ordering::Relaxed) {
        service.stop.send_replace(true);
    }
}
