/**
 * Counts the event listeners that are still attached, for tests of what a job leaves behind. Whoever is collected takes its
 * listeners along; before that, each counts until it is removed, or has been called where it was to be called once.
 */

interface Attached {
  readonly type: string;
  readonly listener: object;
  readonly capture: boolean;
}

type Listener = EventListenerOrEventListenerObject | null;
type Add = (this: EventTarget, type: string, listener: Listener, options?: boolean | AddEventListenerOptions) => void;
type Remove = (this: EventTarget, type: string, listener: Listener, options?: boolean | EventListenerOptions) => void;

/** Of one target. */
interface Count {
  readonly kind: string;
  live: number;
}

export class ListenerCount {
  private readonly targets = new WeakMap<EventTarget, { readonly count: Count; readonly attached: Attached[] }>();
  private readonly counts = new Set<Count>();
  private readonly collected = new FinalizationRegistry<Count>((count) => this.counts.delete(count));
  private readonly add: Add = Reflect.get(EventTarget.prototype, "addEventListener");
  private readonly remove: Remove = Reflect.get(EventTarget.prototype, "removeEventListener");

  /** Begins to count. @param isCounted which targets matter; all by default. */
  constructor(isCounted: (target: EventTarget) => boolean = () => true) {
    const { add, remove, attach, detach } = this;
    EventTarget.prototype.addEventListener = function (this: EventTarget | undefined, type, listener, options) {
      // In a worker's global scope it is called without a receiver.
      const target = this ?? globalThis;
      if (listener !== null && isCounted(target)) {
        const { capture = false, once = false, signal } = typeof options === "object" ? options : { capture: options ?? false };
        attach(target, { type, listener, capture });
        const gone = (): void => detach(target, { type, listener, capture });
        if (once) add.call(target, type, gone, { once: true, capture });
        if (signal) add.call(signal, "abort", gone, { once: true });
      }
      add.call(target, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (this: EventTarget | undefined, type, listener, options) {
      const target = this ?? globalThis;
      if (listener !== null) detach(target, { type, listener, capture: typeof options === "object" ? (options.capture ?? false) : (options ?? false) });
      remove.call(target, type, listener, options);
    };
  }

  /** How many there are, by the kind of their target. */
  live(): Readonly<Record<string, number>> {
    const byKind: Record<string, number> = {};
    for (const { kind, live } of this.counts) if (live > 0) byKind[kind] = (byKind[kind] ?? 0) + live;
    return byKind;
  }

  /** Ends the counting. */
  restore(): void {
    EventTarget.prototype.addEventListener = this.add;
    EventTarget.prototype.removeEventListener = this.remove;
  }

  private readonly attach = (target: EventTarget, { type, listener, capture }: Attached): void => {
    let known = this.targets.get(target);
    if (!known) {
      known = { count: { kind: target.constructor.name, live: 0 }, attached: [] };
      this.targets.set(target, known);
      this.counts.add(known.count);
      this.collected.register(target, known.count);
    }
    // The same one is attached only once.
    if (known.attached.some((each) => each.type === type && each.listener === listener && each.capture === capture)) return;
    known.attached.push({ type, listener, capture });
    known.count.live++;
  };

  private readonly detach = (target: EventTarget, { type, listener, capture }: Attached): void => {
    const known = this.targets.get(target);
    const at = known?.attached.findIndex((each) => each.type === type && each.listener === listener && each.capture === capture) ?? -1;
    if (!known || at === -1) return;
    known.attached.splice(at, 1);
    known.count.live--;
  };
}
