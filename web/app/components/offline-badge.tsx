/** No model is connected: a small program answers. Said wherever its answers are shown. */
export function OfflineBadge() {
  return (
    <span
      title="No model is connected: a small built-in program answers. Set OPENAI_API_KEY or OPENAI_BASE_URL to connect one."
      className="hidden shrink-0 rounded-full border border-warn-line bg-warn-soft px-2.5 py-1 text-xs font-medium text-warn sm:inline"
    >
      Offline assistant
    </span>
  )
}
