import type { ChatMessage } from '~/conversation-state.ts'

type Usage = NonNullable<NonNullable<ChatMessage['run']>['usage']>

/** What the model read and wrote for an answer. */
export function TokenUse({ usage }: { usage: Usage }) {
  const { inputTokens, outputTokens } = usage
  return (
    <span className="ms-1.5 text-xs text-muted tabular-nums">
      {grouped(inputTokens)} tokens read, {grouped(outputTokens)} written
    </span>
  )
}

/** The same on the server and in every browser. */
const grouped = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ',')
