//! Two simulated hosts in ping-pong on turmoil: 8-byte messages over TCP, 1-10 ms latency.
//! Arguments: messages, seed. Prints one JSON line.

use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};
use turmoil::Builder;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a whole number"));
    let messages = arguments.next().expect("messages");
    let seed = arguments.next().expect("seed");
    let start = Instant::now();
    tcp(messages, seed);
    let seconds = start.elapsed().as_secs_f64();
    println!("{{\"transport\":\"tcp\",\"messages\":{messages},\"seconds\":{seconds}}}");
}

fn tcp(messages: u64, seed: u64) {
    let mut sim = Builder::new()
        .rng_seed(seed)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(10))
        .simulation_duration(Duration::from_secs(messages * 20))
        .build();
    sim.host("right", move || async move {
        let listener = TcpListener::bind("0.0.0.0:1").await?;
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut buffer = [0u8; 8];
        for _ in 0..messages / 2 {
            stream.read_exact(&mut buffer).await?;
            stream.write_all(&buffer).await?;
        }
        Ok(())
    });
    sim.client("left", async move {
        let mut stream = TcpStream::connect("right:1").await?;
        stream.set_nodelay(true)?;
        let mut buffer = [0u8; 8];
        for sequence in 0..messages / 2 {
            stream.write_all(&sequence.to_le_bytes()).await?;
            stream.read_exact(&mut buffer).await?;
            assert_eq!(u64::from_le_bytes(buffer), sequence);
        }
        Ok(())
    });
    sim.run().expect("the ping-pong ends");
}
