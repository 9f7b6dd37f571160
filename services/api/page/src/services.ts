import { readConditions, readSpans } from "./client/client.ts";
import { EventFeed } from "./client/event-feed.ts";
import { SystemState } from "./client/system-state.ts";
import { Footage } from "./footage/footage.ts";
import { LiveRefusal } from "./live/live-refusal.ts";
import { minuteStartMs } from "./time/minute.ts";
import { ConditionSpans } from "./timeline/condition-spans.ts";
import { Gaps } from "./timeline/gaps.ts";
import { Thumbnails } from "./timeline/thumbnails.ts";
import { Notice } from "./ui/notice.ts";
import { Router } from "./ui/route.ts";

/** What the page's views share; made once and passed down. */
export interface Services {
  router: Router;
  system: SystemState;
  footage: Footage;
  thumbnails: Thumbnails;
  conditions: ConditionSpans;
  gaps: Gaps;
  feed: EventFeed;
  notice: Notice;
  liveRefusal: LiveRefusal;
}

/** What the timeline shows. */
export type TimelineServices = Pick<Services, "footage" | "thumbnails" | "conditions" | "gaps">;

/** Makes the services, connects the events to them and starts them. */
export function startServices(): Services {
  const system = new SystemState();
  const gaps = new Gaps(readSpans);
  const footage = new Footage((camera, timeMs) => gaps.isRecorded(camera, timeMs));
  const thumbnails = new Thumbnails((camera, minuteMs) => footage.hasThumbnail(camera, minuteMs));
  const conditions = new ConditionSpans(readConditions);
  system.subscribe(() => system.status !== undefined && conditions.follow(system.status.health, Date.now()));
  const feed = new EventFeed({
    onMinute: (minute) => {
      const minuteMs = minuteStartMs(minute.name);
      if (minuteMs !== undefined) {
        thumbnails.onMinute({ camera: minute.camera, minuteMs });
        gaps.onMinute(minute.camera, minuteMs);
      }
      footage.onMinute(minute);
    },
    onCondition: ({ change, condition }) => change === "ended" && conditions.onEnd(condition),
    onStateChange: () => system.readSoon(),
    onOpen: () => {
      system.readSoon();
      footage.refresh();
      conditions.refresh();
      gaps.refresh();
    },
  });
  system.start();
  footage.start();
  feed.start();
  const own = { router: new Router(), notice: new Notice(), liveRefusal: new LiveRefusal() };
  return { ...own, system, footage, thumbnails, conditions, gaps, feed };
}
