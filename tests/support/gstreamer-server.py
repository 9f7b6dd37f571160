#!/usr/bin/python3
"""A third-party RTSP server for tests: GStreamer's, with a log of every access unit that it was given to send.

    gstreamer-server.py --port 0 --path /camera --log sent.jsonl [--file clip.mp4]

Without --file it encodes a moving test picture with the frame's number burned in. Needs Debian's packages python3-gi,
gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-{base,good,bad,ugly}; run it with /usr/bin/python3.

Once it serves, it prints one JSON line to stdout: {"ready": true, "port": ..., "pid": ...}. SIGTERM ends it.

Each client has a pipeline ("media") of its own, made at its DESCRIBE and numbered from 1; each run of ffprobe or of a
recorder is therefore one media, in order of their coming. The log has one JSON line for each
  {"event": "play", "media", "atUs"}          the client has sent PLAY
  {"event": "access-unit", "media", "n", "keyframe", "sha256", "bytes", "nalCount", "ptsUs", "captureTimeUs", "atUs"}
  {"event": "packets", "media", "ptsUs", "atUs"}: RTP packets of the access unit with this PTS left rtph264pay
  {"event": "end", "media", "atUs"}
An access unit is logged right before it enters rtph264pay. `sha256` is that of its NAL units, each behind a start code
00 00 00 01; `captureTimeUs` is the wall clock at the moment that its PTS stands for, `atUs` the one at which it was
pushed. A live source of GStreamer's is late against its own clock by what is constant within a media, and rtph264pay
holds an access unit back until the next one has come. A recorder knows arrivals only, so compare its times with
captureTimeUs plus the least of (atUs of its last packets, the first two access units aside) - captureTimeUs over the media. What was pushed before PLAY may not be sent: a test finds the first access unit that it received in the log, and
from there on every line must have been received, once and in order, up to the last second before its TEARDOWN.
"""

import argparse
import atexit
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer  # noqa: E402

START_CODE = re.compile(rb"\x00\x00\x01")
NAL_IDR = 5


def now_us():
    return time.time_ns() // 1000


def split_annex_b(stream):
    starts = [(match.start(), match.end()) for match in START_CODE.finditer(stream)]
    ends = [start for start, _ in starts[1:]] + [len(stream)]
    return [stream[begin:end].rstrip(b"\x00") for (_, begin), end in zip(starts, ends)]


class Log:
    def __init__(self, path):
        # Line buffered: whoever reads the log finds whole lines of everything that was pushed.
        self.file = open(path, "a", buffering=1, encoding="utf-8") if path else None

    def write(self, **line):
        if self.file:
            self.file.write(json.dumps(line) + "\n")


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, pipeline, log):
        super().__init__()
        self.pipeline = pipeline
        self.log = log
        self.medias = 0
        self.set_shared(False)

    def do_create_element(self, url):
        return Gst.parse_launch(f"( {self.pipeline} )")

    def do_configure(self, media):
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        self.medias += 1
        number = self.medias
        media.connect("new-state", self.note_state, number)
        media.connect("unprepared", lambda _: self.log.write(event="end", media=number, atUs=now_us()))
        overlay = media.get_element().get_by_name("number")
        if overlay:
            shown = itertools.count()
            overlay.get_static_pad("video_sink").add_probe(
                Gst.PadProbeType.BUFFER, lambda pad, info: self.burn_number(overlay, next(shown))
            )
        payloader = media.get_element().get_by_name("pay0")
        count = itertools.count()
        payloader.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER, lambda pad, info: self.note_access_unit(payloader, pad, info, number, next(count))
        )

        payloader.get_static_pad("src").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST,
            lambda pad, info: self.note_packets(pad, info, number),
        )

    def note_packets(self, pad, info, number):
        packets = info.get_buffer_list() if info.type & Gst.PadProbeType.BUFFER_LIST else None
        buffer = packets.get(0) if packets else info.get_buffer()
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        running_ns = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        self.log.write(event="packets", media=number, ptsUs=running_ns // 1000, atUs=now_us())
        return Gst.PadProbeReturn.OK

    def burn_number(self, overlay, number):
        overlay.set_property("text", str(number))
        return Gst.PadProbeReturn.OK

    def note_state(self, _media, state, number):
        if Gst.State(state) == Gst.State.PLAYING:
            self.log.write(event="play", media=number, atUs=now_us())

    def note_access_unit(self, payloader, pad, info, number, n):
        at_us = now_us()
        buffer = info.get_buffer()
        clock = payloader.get_clock()
        # An encoder's PTS does not begin at 0: the segment says what it means.
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        running_ns = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        late_ns = clock.get_time() - payloader.get_base_time() - running_ns if clock else 0
        nals = split_annex_b(buffer.extract_dup(0, buffer.get_size()))
        stream = b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)
        self.log.write(
            event="access-unit",
            media=number,
            n=n,
            keyframe=any(nal[0] & 0x1F == NAL_IDR for nal in nals),
            sha256=hashlib.sha256(stream).hexdigest(),
            bytes=len(stream),
            nalCount=len(nals),
            ptsUs=running_ns // 1000,
            captureTimeUs=at_us - late_ns // 1000,
            atUs=at_us,
        )
        return Gst.PadProbeReturn.OK


def live_source(options):
    size = f"width={options.width},height={options.height},framerate={options.fps}/1"
    profile = "main" if options.b_frames else "constrained-baseline"
    latency = f"bframes={options.b_frames} b-adapt=false rc-lookahead=0" if options.b_frames else "tune=zerolatency"
    return (
        f"videotestsrc is-live=true pattern=smpte ! video/x-raw,{size} ! "
        "textoverlay name=number halignment=left valignment=top ! "
        f"x264enc {latency} speed-preset=ultrafast bitrate={options.bitrate} key-int-max={options.gop} "
        f"sliced-threads=false threads=1 aud=false ! video/x-h264,profile={profile}"
    )


def file_source(path):
    if path.endswith((".h264", ".264")):
        path = remux(path)
    return f'filesrc location="{os.path.abspath(path)}" ! qtdemux ! h264parse ! identity sync=true'


def remux(path):
    """A bare stream has no timestamps, and GStreamer makes none: ffmpeg does (right only without B-frames)."""
    folder = tempfile.mkdtemp(prefix="gstreamer-server-")
    atexit.register(shutil.rmtree, folder)
    copy = os.path.join(folder, "copy.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-c", "copy", copy], check=True)
    return copy


def main():
    parser = argparse.ArgumentParser(description="GStreamer's RTSP server, with a log of what it sends")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--path", default="/camera")
    parser.add_argument("--tls", help="PEM file of a certificate and its key: rtsps only")
    parser.add_argument("--log", help="file of JSON lines, appended to")
    parser.add_argument("--file", help="H.264 elementary stream (.h264) or mp4 to serve, at its own pace")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--gop", type=int, default=50)
    parser.add_argument("--bitrate", type=int, default=1000, help="kbit/s")
    parser.add_argument("--b-frames", type=int, default=0)
    parser.add_argument("--mtu", type=int, default=1400)
    parser.add_argument("--aggregate", choices=["none", "zero-latency", "max-stap"], default="none")
    options = parser.parse_args()

    Gst.init(None)
    source = file_source(options.file) if options.file else live_source(options)
    pipeline = (
        f"{source} ! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! "
        f"rtph264pay name=pay0 pt=96 mtu={options.mtu} aggregate-mode={options.aggregate}"
    )
    server = GstRtspServer.RTSPServer()
    server.set_address(options.host)
    server.set_service(str(options.port))
    if options.tls:
        auth = GstRtspServer.RTSPAuth()
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.tls))
        server.set_auth(auth)
    factory = Factory(pipeline, Log(options.log))
    if options.tls:
        role = "anonymous"
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", role)
        auth.set_default_token(token)
        factory.add_role_from_structure(
            Gst.Structure.new_from_string(
                f"{role}, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            )
        )
    server.get_mount_points().add_factory(options.path, factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on {options.host}:{options.port}")

    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    print(json.dumps({"ready": True, "port": server.get_bound_port(), "pid": os.getpid()}), flush=True)
    loop.run()


main()
