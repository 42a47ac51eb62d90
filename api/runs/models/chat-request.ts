import { isImage } from '../../conversations/media-type.ts'
import type { ToolSpec } from '../../tools/toolbox.ts'
import type { ModelRequest } from '../model.ts'
import { chatThinking } from './chat-thinking.ts'
import type { ModelProfile } from './profile.ts'
import { type WireEntry, wireHistory } from './wire-history.ts'

/** The body for `/v1/chat/completions`. */
export function toChatRequest(request: ModelRequest, profile: ModelProfile) {
  const { model, instructions, history, tools, maxOutputTokens } = request
  return {
    model,
    stream: true as const,
    messages: [
      ...(instructions ? [{ role: profile.systemRole, content: instructions }] : []),
      ...wireHistory(history).map((entry) => toMessage(entry, request, profile)),
    ],
    ...(profile.streamUsage && { stream_options: { include_usage: true } }),
    ...(tools.length > 0 && { tools: tools.map(toTool) }),
    ...(tools.length > 0 && profile.parallelToolCalls !== null && { parallel_tool_calls: profile.parallelToolCalls }),
    ...(maxOutputTokens && budget(profile.maxTokensField, maxOutputTokens)),
  }
}

function budget(field: ModelProfile['maxTokensField'], tokens: number) {
  return field === 'max_tokens' ? { max_tokens: tokens } : { max_completion_tokens: tokens }
}

function toMessage(entry: WireEntry, { model }: ModelRequest, { echoReasoning }: ModelProfile) {
  if (entry.role === 'user') return { role: 'user' as const, content: toContent(entry) }
  if (entry.role === 'tool') return { role: 'tool' as const, tool_call_id: entry.wireId, content: entry.output }
  if (entry.calls.length === 0) return { role: 'assistant' as const, content: entry.text }
  const thinking = echoReasoning ? chatThinking(entry.reasoning, model) : null
  return {
    role: 'assistant' as const,
    content: entry.text || null,
    ...(thinking && { reasoning_content: thinking }),
    tool_calls: entry.calls.map((call) => ({
      id: call.wireId,
      type: 'function' as const,
      function: { name: call.name, arguments: call.arguments },
    })),
  }
}

/** This wire takes images; a document can only be named. */
function toContent({ text, files = [] }: Extract<WireEntry, { role: 'user' }>) {
  if (files.length === 0) return text
  return [
    { type: 'text' as const, text },
    ...files.map(({ name, mediaType, base64 }) =>
      isImage(mediaType)
        ? { type: 'image_url' as const, image_url: { url: `data:${mediaType};base64,${base64}` } }
        : {
            type: 'text' as const,
            text: `[File ${JSON.stringify(name)} (${mediaType}): it cannot be shown to this model.]`,
          },
    ),
  ]
}

function toTool({ calledAs, description, inputSchema }: ToolSpec) {
  return { type: 'function' as const, function: { name: calledAs, description, parameters: inputSchema } }
}
