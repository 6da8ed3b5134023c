/** Where models are looked for, and as whom. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { defaultHubBase } from "../../protocol/hub.ts";
import { Hint } from "../primitives/FieldRow.tsx";

interface HubSettingsProps {
  readonly base: string;
  readonly token: string;
  readonly onBase: (base: string) => void;
  readonly onToken: (token: string) => void;
}

export function HubSettings({ base, token, onBase, onToken }: HubSettingsProps) {
  const [address, setAddress] = useState(base);
  const [wrong, setWrong] = useState(false);
  const keep = (next = address.trim() || defaultHubBase): void => {
    setAddress(next);
    const isAddress = /^https?:/.test(next) && URL.canParse(next);
    setWrong(!isAddress);
    if (isAddress) onBase(next);
  };
  return (
    <>
      <TextInput
        label="Address of the hub"
        description="A mirror with the same routes, if you have one. It has to allow pages of other sites (CORS). This browser remembers it."
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        error={wrong ? `This is no web address. Write one such as ${defaultHubBase}.` : undefined}
        onBlur={() => keep()}
        onKeyDown={({ key }) => key === "Enter" && keep()}
      />
      {(base !== defaultHubBase || wrong) && (
        <div>
          <Button variant="default" size="xs" onClick={() => keep(defaultHubBase)}>
            Back to huggingface.co
          </Button>
        </div>
      )}
      <TextInput
        type="password"
        autoComplete="off"
        label="Access token"
        description="Only for repositories that are private or ask for terms: a token of your account that may read them. Kept until you close the page, and sent to the hub alone."
        value={token}
        onChange={(event) => onToken(event.currentTarget.value)}
      />
      <Hint>A repository that is already a folder on this device needs no hub: drop its files in the Model step.</Hint>
    </>
  );
}
