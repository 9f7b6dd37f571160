import type { JSX } from "preact";
import { Icon } from "../ui/icons.tsx";

const EXAMPLE = `"cameras": {
  "front-door": { "url": "rtsp://user:password@192.0.2.10/stream1" }
}`;

export function NoCameras(): JSX.Element {
  return (
    <section class="blank">
      <Icon name="camera" />
      <h2>No cameras yet</h2>
      <p>
        Name the first one in <code>config/nvr.json</code>. It is taken up as soon as the file is saved, without a
        restart:
      </p>
      <pre>{EXAMPLE}</pre>
      <p>Its first minute can be seen here about a minute later.</p>
    </section>
  );
}

export function Unreachable({ problem }: { problem: string }): JSX.Element {
  return (
    <section class="blank" role="alert">
      <Icon name="offline" />
      <h2>Hindsight does not answer</h2>
      <p>{problem}</p>
      <p>Recording may well go on: only the api is needed for this page. It tries again every few seconds by itself.</p>
    </section>
  );
}
