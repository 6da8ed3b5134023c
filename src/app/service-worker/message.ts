/** What the page says to a service worker that waits: a person has asked for the new version. A type, since a service worker's file imports nothing. */
export type Activate = "graft-activate";
