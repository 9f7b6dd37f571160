// The minimum: copies the bytes of every socket into a file, nothing else. Arguments: folder, URLs.
import { createWriteStream } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

const [folder, ...urls] = process.argv.slice(2);
for (const [index, url] of urls.entries()) {
  const { hostname, port } = new URL(url.replace("rtsp:", "http:"));
  const requests = [
    `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`,
    `SETUP ${url}/track0 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
  ];
  const socket = connect(Number(port), hostname, () => socket.write(requests[0]));
  let answers = 0;
  const onAnswer = (data) => {
    const text = data.toString("latin1");
    answers++;
    if (answers === 1)
      socket.write(requests[1].replace("track0", /m=video[\s\S]*?a=control:(\S+)/.exec(text)?.[1] ?? "track0"));
    if (answers < 2) return;
    const session = /Session: *([^;\r]+)/i.exec(text)?.[1];
    socket.write(`PLAY ${url} RTSP/1.0\r\nCSeq: 3\r\nSession: ${session}\r\n\r\n`);
    socket.off("data", onAnswer);
    socket.pipe(createWriteStream(join(folder, `${index}.bytes`)));
  };
  socket.on("data", onAnswer);
  setInterval(() => socket.write(`OPTIONS ${url} RTSP/1.0\r\nCSeq: 9\r\n\r\n`), 20_000);
}
