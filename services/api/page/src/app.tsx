import type { JSX } from "preact";
import { Overview } from "./overview/overview.tsx";
import type { Services } from "./services.ts";
import { Header } from "./ui/header.tsx";
import { useChanges } from "./ui/store.ts";
import { Watch } from "./watch/watch.tsx";

/** The page: a header, one of its two views, and short notices to the viewer. */
export function App({ services }: { services: Services }): JSX.Element {
  useChanges(services.router);
  const { route } = services.router;
  return (
    <>
      <Header services={services} />
      {route.view === "overview" ? <Overview services={services} /> : <Watch services={services} route={route} />}
      <NoticeLine services={services} />
    </>
  );
}

function NoticeLine({ services: { notice } }: { services: Services }): JSX.Element {
  useChanges(notice);
  return (
    <div class="notice" role="status" data-shown={notice.text === "" ? undefined : ""}>
      {notice.text}
    </div>
  );
}
