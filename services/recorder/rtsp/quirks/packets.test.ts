import { describe, expect, test } from "vitest";
import { open, serve, urlsOf } from "../../testing/odd-camera.ts";
import { answer, goodAnswer, rtpPacket, until } from "../../testing/scripted-server.ts";

describe("packets", () => {
  const play = async (transport: string, ...packets: Buffer[]) => {
    const server = await serve(({ method }) =>
      method === "SETUP" ? answer("200 OK", { Session: "1", Transport: transport }) : "well",
    );
    const { heard } = await open(server.url);
    for (const socket of server.sockets) socket.write(Buffer.concat([...packets, rtpPacket(99, 96, 0, "end")]));
    for (const socket of server.sockets) socket.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    await until(() => server.answers.length === 1);
    return heard.packets;
  };

  test.each([
    ["retina #120: ssrc before interleaved", "RTP/AVP/TCP;ssrc=22345684;interleaved=2-3", 2],
    ["retina PR #138: ssrc with 0x, and wrong", "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0x6f7c", 0],
    ["gortsplib #72: the camera's own channels", "RTP/AVP/TCP;unicast;interleaved=4-5", 4],
    ["gortsplib #142: no channels in the answer", "RTP/AVP/TCP;unicast", 0],
    ["the video on another channel than answered", "RTP/AVP/TCP;unicast;interleaved=0-1", 6],
  ])("%s", async (_, transport, channel) => {
    const video = rtpPacket(channel, 96, 7, "video");
    expect(await play(transport, video, rtpPacket(8, 0, 7, "audio"), video)).toEqual(["video", "video"]);
  });

  test("Reolink RLC-410 (moonfire-nvr #114): what is left of another session is left out by its SSRC", async () => {
    const transport = "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=C517011F";
    const mine = rtpPacket(0, 96, 0xc517011f, "mine");
    const other = rtpPacket(0, 96, 0x5bf73f70, "other");
    expect(await play(transport, mine, other, mine, other)).toEqual(["mine", "mine"]);
    const restarted = await play(transport, mine, ...Array.from({ length: 1001 }, () => other));
    expect(restarted).toEqual(["mine", "other"]); // 1,000 in a row: the camera has restarted its stream
  });

  test("before SETUP are another session's, and those before the answer to PLAY ours (v4l2rtspserver, retina PR #46)", async () => {
    const server = await serve(({ method }, socket) => {
      if (method === "DESCRIBE") socket.write(rtpPacket(0, 96, 1, "leak"));
      if (method === "PLAY") socket.write(rtpPacket(0, 96, 2, "early"));
      return "well";
    });
    const { heard } = await open(server.url);
    expect(heard.packets).toEqual(["early"]);
  });

  test.each(["", "url=rtsp://wrong/x;seq=99999;rtptime=-5", ";;;,,,", "url=;ssrc=zz"])(
    "RTP-Info %j changes nothing",
    async (info) => {
      const server = await serve(({ method }, socket) => {
        if (method !== "PLAY") return "well";
        socket.write(rtpPacket(0, 96, 2, "video"));
        return answer("200 OK", info === "" ? {} : { "RTP-Info": info });
      });
      expect((await open(server.url)).heard.packets).toEqual(["video"]);
    },
  );
});

test("header names in any case, no Content-Type, bare LF", async () => {
  for (const change of [(text: string) => text.toUpperCase(), (text: string) => text.toLowerCase()]) {
    const server = await serve((request, socket) => {
      const [head = "", body = ""] = goodAnswer(request).split(/\r\n\r\n/);
      const [status = "", ...fields] = head.split("\r\n").filter((line) => !line.startsWith("Content-Type"));
      const lines = [status, `cSEQ: ${request.cseq}`, ...fields.map((line) => line.replace(/^[^:]+/, change))];
      socket.write(`${lines.join("\n")}\n\n${body}`);
      return undefined;
    });
    await open(server.url);
    expect(urlsOf(server, "PLAY")).toEqual(["/live/"]);
  }
});
