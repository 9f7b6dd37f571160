import type { components } from "./api-types.ts";

/** The api's answers, under the page's names for them. */
type Schemas = components["schemas"];

export type SystemStatus = Schemas["SystemStatus"];
export type Disk = Schemas["Disk"];
export type Backlog = Schemas["Backlog"];
export type ListedMinute = Schemas["ListedMinute"];
export type MinuteState = Schemas["MinuteState"];
export type MinuteEvent = Schemas["MinuteEvent"];
export type ConditionEvent = Schemas["ConditionEvent"];
export type ConditionList = Schemas["ConditionList"];
