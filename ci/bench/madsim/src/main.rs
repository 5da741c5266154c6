//! Two simulated nodes in ping-pong on madsim: 8-byte messages, 1-10 ms latency (its default).
//! Arguments: messages, seed. Prints one JSON line a transport.

use madsim::{
    net::{Endpoint, TcpListener, TcpStream},
    runtime::Runtime,
    time::sleep,
};
use std::{net::SocketAddr, time::Duration, time::Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a whole number"));
    let messages = arguments.next().expect("messages");
    let seed = arguments.next().expect("seed");
    report("endpoint", messages, seed, endpoint);
    report("tcp", messages, seed, tcp);
}

fn report(transport: &str, messages: u64, seed: u64, run: fn(u64, u64)) {
    let start = Instant::now();
    run(messages, seed);
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"transport\":\"{transport}\",\"messages\":{messages},\"seconds\":{seconds}}}");
}

fn addresses() -> (SocketAddr, SocketAddr) {
    ("10.0.0.1:1".parse().unwrap(), "10.0.0.2:1".parse().unwrap())
}

fn endpoint(messages: u64, seed: u64) {
    let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
    let (left, right) = addresses();
    let left_node = runtime.create_node().ip(left.ip()).build();
    let right_node = runtime.create_node().ip(right.ip()).build();
    right_node.spawn(async move {
        let socket = Endpoint::bind(right).await.unwrap();
        let mut buffer = [0u8; 8];
        for _ in 0..messages / 2 {
            let (length, from) = socket.recv_from(1, &mut buffer).await.unwrap();
            socket.send_to(from, 1, &buffer[..length]).await.unwrap();
        }
    });
    let done = left_node.spawn(async move {
        let socket = Endpoint::bind(left).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let mut buffer = [0u8; 8];
        for sequence in 0..messages / 2 {
            socket.send_to(right, 1, &sequence.to_le_bytes()).await.unwrap();
            socket.recv_from(1, &mut buffer).await.unwrap();
            assert_eq!(u64::from_le_bytes(buffer), sequence);
        }
    });
    runtime.block_on(done).unwrap();
}

fn tcp(messages: u64, seed: u64) {
    let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
    let (left, right) = addresses();
    let left_node = runtime.create_node().ip(left.ip()).build();
    let right_node = runtime.create_node().ip(right.ip()).build();
    right_node.spawn(async move {
        let listener = TcpListener::bind(right).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0u8; 8];
        for _ in 0..messages / 2 {
            stream.read_exact(&mut buffer).await.unwrap();
            stream.write_all(&buffer).await.unwrap();
            stream.flush().await.unwrap();
        }
    });
    let done = left_node.spawn(async move {
        sleep(Duration::from_secs(1)).await;
        let mut stream = TcpStream::connect(right).await.unwrap();
        let mut buffer = [0u8; 8];
        for sequence in 0..messages / 2 {
            stream.write_all(&sequence.to_le_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            stream.read_exact(&mut buffer).await.unwrap();
            assert_eq!(u64::from_le_bytes(buffer), sequence);
        }
    });
    runtime.block_on(done).unwrap();
}
