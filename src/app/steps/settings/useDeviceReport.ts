/** The measurement of this device's backends. The worker measures once; asking again costs nothing. */
import { useEffect, useState } from "react";
import type { ErrorSentence } from "../../../core/errors.ts";
import type { DeviceReport } from "../../../protocol/models.ts";
import { sentenceOf, worker } from "../../../store/client.ts";

type Measurement = { readonly kind: "measuring" } | { readonly kind: "measured"; readonly report: DeviceReport } | { readonly kind: "failed"; readonly error: ErrorSentence };

export function useDeviceReport(): Measurement {
  const [measurement, setMeasurement] = useState<Measurement>({ kind: "measuring" });
  useEffect(() => {
    let current = true;
    const show = (next: Measurement): void => {
      if (current) setMeasurement(next);
    };
    worker()
      .probeDevice()
      .then((report) => show({ kind: "measured", report }))
      .catch((error: unknown) => show({ kind: "failed", error: sentenceOf(error) }));
    return () => {
      current = false;
    };
  }, []);
  return measurement;
}
