/** Where providers differ although they speak the same wire. */
export type ModelProfile = {
  /** Whether `stream_options` asks for token counts (`chat`). */
  streamUsage: boolean
  /** The switch `parallel_tool_calls`: sent with this value, or (null) left out. */
  parallelToolCalls: boolean | null
  /** Whether tools say `strict: false`, because this provider is strict when told nothing (`responses`). */
  strictFlag: boolean
  /** Whose words the instructions are (`chat`). */
  systemRole: 'system' | 'developer'
  /** The member that holds the output budget (`chat`). */
  maxTokensField: 'max_completion_tokens' | 'max_tokens'
  /** Whether the model wants its own thinking back beside its tool calls, as `reasoning_content` (`chat`). */
  echoReasoning: boolean
  /** Whether reasoning is asked for in a form that can be given back (`responses`). */
  encryptedReasoning: boolean
}

/** `openai`: as OpenAI has it. `compatible`: only what all servers take that call themselves compatible. */
export const modelProfiles = {
  openai: {
    streamUsage: true,
    parallelToolCalls: null,
    strictFlag: true,
    systemRole: 'developer',
    maxTokensField: 'max_completion_tokens',
    echoReasoning: false,
    encryptedReasoning: true,
  },
  compatible: {
    streamUsage: true,
    parallelToolCalls: null,
    strictFlag: false,
    systemRole: 'system',
    maxTokensField: 'max_tokens',
    echoReasoning: false,
    encryptedReasoning: true,
  },
} as const satisfies Record<string, ModelProfile>

/** What the operator may say: one of the names, or what is different from the one that fits the base URL. */
export type ProfileSetting = keyof typeof modelProfiles | Partial<ModelProfile>

export function profileFor(setting: ProfileSetting | undefined, baseUrl: string | undefined): ModelProfile {
  if (typeof setting === 'string') return modelProfiles[setting]
  return { ...(baseUrl ? modelProfiles.compatible : modelProfiles.openai), ...setting }
}
