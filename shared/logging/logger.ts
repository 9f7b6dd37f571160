import type winston from "winston";

export type Logger = winston.Logger;
