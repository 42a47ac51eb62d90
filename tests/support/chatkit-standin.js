/*
 * Takes the place of ChatKit's script in tests: the real React wrapper talks to our real server through it, while the
 * maker's script stays where it is. It draws what the protocol says in an open shadow root, in its own plain way:
 * messages, workflows, widgets with buttons, history, notices with a way to try again, Stop, prompts, feedback, files in
 * both ways of uploading, dictation, structured inputs, models, the disclaimer. Not drawn: Markdown, entities, forms in
 * widgets, themes.
 *
 * Set before it runs: `window.__CHATKIT_STANDIN__ = { readyDelayMs, neverReady, bootError, frameProbe, recording }`, where `recording`
 * (`{ audio_base64, mime_type }`) stands for the microphone. Afterwards its `log` holds every request, event of a stream
 * and DOM event, and `options` those that it was given last. `readyDelayMs` must not be 0: the wrapper listens a moment later than it
 * sets the options.
 */
;(() => {
  const TAG = 'openai-chatkit'
  if (customElements.get(TAG)) return
  const cfg = Object.assign({ readyDelayMs: 50 }, window.__CHATKIT_STANDIN__, { log: [] })
  window.__CHATKIT_STANDIN__ = cfg
  const scriptUrl = document.currentScript?.src
  const h = (tag, props = {}, ...kids) => {
    const el = document.createElement(tag)
    for (const [k, v] of Object.entries(props)) {
      if (v === undefined || v === null || v === false) continue
      if (k.startsWith('on')) el.addEventListener(k.slice(2), v)
      else if (k === 'text') el.textContent = v
      else el.setAttribute(k, v === true ? '' : v)
    }
    el.append(...kids.filter((x) => x !== null && x !== undefined))
    return el
  }

  /** Incremental SSE reader: yields the JSON of each event's data lines. Comments are ignored. */
  const gap = /\r?\n\r?\n/
  async function* sse(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    let buf = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      buf += value
      for (let m = gap.exec(buf); m; m = gap.exec(buf)) {
        const block = buf.slice(0, m.index)
        buf = buf.slice(m.index + m[0].length)
        const data = block
          .split(/\r?\n/)
          .filter((l) => l.startsWith('data:'))
          .map((l) => l.slice(5).replace(/^ /, ''))
          .join('\n')
        if (data && data !== '[DONE]') yield JSON.parse(data)
      }
    }
    if (buf.trim() && !buf.startsWith(':')) throw new Error('stream ended inside an event')
  }

  class ChatKitStandin extends HTMLElement {
    #o = null
    #thread = null
    #items = new Map()
    #abort = null
    #ready = false
    #cancelable = false
    #progress = ''
    #notice = null
    #history = null
    #ui = null
    #frame = null
    #files = []
    #forms = new Map()

    connectedCallback() {
      if (!this.#ui) this.#build()
      void this.#boot()
    }
    disconnectedCallback() {
      this.#abort?.abort()
    }

    setOptions(options) {
      if (!options || typeof options !== 'object') throw new TypeError('setOptions needs an options object')
      const first = !this.#o
      this.#o = options
      cfg.options = options
      if (!this.#ui) this.#build()
      if (first) void this.#boot()
      else this.#render()
    }
    async focusComposer() {
      this.#need()
      this.#ui.input.focus()
    }
    async setThreadId(id) {
      this.#need()
      await this.#open(id)
    }
    async setComposerValue({ text, content } = {}) {
      this.#need()
      this.#ui.input.value = text ?? (content ?? []).map((c) => c.text).join('')
    }
    async sendUserMessage({ text, content, reply, attachments, newThread, toolChoice, model } = {}) {
      this.#need()
      if (newThread) await this.#open(null)
      const input = {
        content: content ?? [{ type: 'input_text', text: text ?? '' }],
        attachments: (attachments ?? []).map((it) => it.id),
        quoted_text: reply ?? null,
        inference_options: { tool_choice: toolChoice ?? null, model: model ?? this.#ui.model?.value ?? null },
      }
      await this.#stream(
        this.#thread
          ? { type: 'threads.add_user_message', params: { input, thread_id: this.#thread.id } }
          : { type: 'threads.create', params: { input } },
      )
    }
    async fetchUpdates() {
      this.#need()
      if (this.#thread) await this.#load(this.#thread.id)
    }
    async sendCustomAction(action, itemId) {
      this.#need()
      if (!this.#thread) throw new Error('no thread')
      await this.#stream({
        type: 'threads.custom_action',
        params: { thread_id: this.#thread.id, item_id: itemId ?? null, action },
      })
    }
    async showHistory() {
      this.#need()
      const page = await this.#call({ type: 'threads.list', params: { limit: 20, order: 'desc' } })
      this.#history = page.data ?? []
      this.#emit('chatkit.history.open')
      this.#render()
    }
    async hideHistory() {
      this.#need()
      this.#history = null
      this.#emit('chatkit.history.close')
      this.#render()
    }

    // ---- internals -------------------------------------------------------------------------
    #need() {
      if (!this.#o) throw new Error('setOptions() must be called first')
    }
    #emit(type, detail) {
      cfg.log.push({ event: type, detail })
      this.dispatchEvent(new CustomEvent(type, { detail }))
    }
    #fail(e) {
      this.#emit('chatkit.error', { error: e instanceof Error ? e : new Error(String(e)) })
    }

    async #boot() {
      if (!this.#o || !this.isConnected || this.#ready) return
      const api = this.#o.api ?? {}
      if (!('getClientSecret' in api) && (!api.url || !api.domainKey))
        return this.#fail(new Error('Invalid options: api.url and api.domainKey are required'))
      if (cfg.neverReady) return
      this.#ready = true
      if (cfg.frameProbe) await this.#probe()
      await new Promise((r) => setTimeout(r, cfg.readyDelayMs))
      if (cfg.bootError) return this.#fail(new Error(cfg.bootError))
      this.#emit('chatkit.ready')
      if (this.#o.initialThread) await this.#load(this.#o.initialThread).catch((e) => this.#fail(e))
      this.#render()
    }
    #probe() {
      return new Promise((resolve) => {
        const src = new URL('standin-frame.html', scriptUrl ?? location.href)
        const on = (e) => {
          if (e.origin === src.origin && e.data === 'chatkit-standin-frame') {
            removeEventListener('message', on)
            resolve()
          }
        }
        addEventListener('message', on)
        this.#frame = h('iframe', { src: src.href, title: this.#o.frameTitle ?? 'Chat', hidden: true })
        this.shadowRoot.append(this.#frame)
      })
    }
    async #post(req, signal) {
      cfg.log.push({ request: req.type, params: req.params })
      const f = this.#o.api.fetch ?? fetch.bind(window)
      const res = await f(this.#o.api.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...req, metadata: {} }),
        signal,
      })
      if (!res.ok) throw new Error(`${req.type} answered ${res.status}`)
      return res
    }
    async #call(req) {
      return (await this.#post(req)).json()
    }
    async #open(id) {
      if (id) return this.#load(id)
      this.#abort?.abort()
      this.#thread = null
      this.#items.clear()
      this.#history = null
      this.#emit('chatkit.thread.change', { threadId: null })
      this.#render()
    }
    async #load(id) {
      this.#emit('chatkit.thread.load.start', { threadId: id })
      const t = await this.#call({ type: 'threads.get_by_id', params: { thread_id: id } })
      const items = [...(t.items?.data ?? [])]
      for (let page = t.items; page?.has_more; items.push(...page.data))
        page = await this.#call({ type: 'items.list', params: { thread_id: id, order: 'asc', after: page.after } })
      const changed = this.#thread?.id !== t.id
      this.#thread = t
      this.#history = null
      this.#items = new Map(items.map((i) => [i.id, i]))
      this.#emit('chatkit.thread.load.end', { threadId: id })
      if (changed) this.#emit('chatkit.thread.change', { threadId: id })
      this.#render()
    }
    async #stream(req) {
      if (this.#abort) return
      const ctl = new AbortController()
      this.#abort = ctl
      this.#notice = null
      this.#emit('chatkit.response.start')
      this.#render()
      let pending = null
      try {
        const res = await this.#post(req, ctl.signal)
        if (!/text\/event-stream/.test(res.headers.get('content-type') ?? ''))
          throw new Error(`${req.type} did not answer with text/event-stream`)
        for await (const ev of sse(res.body)) {
          pending = this.#apply(ev) ?? pending
          this.#render()
        }
      } catch (e) {
        if (!ctl.signal.aborted) {
          this.#notice = { level: 'danger', message: String(e.message ?? e) }
          this.#fail(e)
        }
      } finally {
        this.#abort = null
        this.#progress = ''
        this.#cancelable = false
        this.#emit('chatkit.response.end')
        this.#render()
      }
      if (pending && !ctl.signal.aborted) await this.#clientTool(pending)
    }
    async #clientTool(item) {
      let result
      try {
        result = await this.#o.onClientTool?.({ name: item.name, params: item.arguments ?? {} })
      } catch (e) {
        return this.#fail(e)
      }
      await this.#stream({
        type: 'threads.add_client_tool_output',
        params: { thread_id: item.thread_id, result: result ?? {} },
      })
    }
    /** Applies one protocol event; returns a client tool call that waits for its output. */
    #apply(ev) {
      cfg.log.push({ sse: ev.type, ...(ev.update ? { update: ev.update.type } : {}) })
      switch (ev.type) {
        case 'thread.created':
          this.#thread = ev.thread
          this.#emit('chatkit.thread.change', { threadId: ev.thread.id })
          break
        case 'thread.updated':
          this.#thread = { ...this.#thread, ...ev.thread }
          break
        case 'thread.item.added':
        case 'thread.item.done':
        case 'thread.item.replaced':
          this.#items.set(ev.item.id, ev.item)
          if (ev.item.type === 'client_tool_call' && ev.item.status === 'pending' && ev.type === 'thread.item.done')
            return ev.item
          break
        case 'thread.item.removed':
          this.#items.delete(ev.item_id)
          break
        case 'thread.item.updated':
          this.#update(this.#items.get(ev.item_id), ev.update)
          break
        case 'stream_options':
          this.#cancelable = !!ev.stream_options?.allow_cancel
          break
        case 'progress_update':
          this.#progress = ev.text
          break
        case 'notice':
          this.#notice = ev
          break
        case 'client_effect':
          this.#emit('chatkit.effect', { name: ev.name, data: ev.data })
          break
        case 'error':
          this.#notice = { level: 'danger', message: ev.message ?? 'Something went wrong', retry: ev.allow_retry }
          this.#fail(new Error(ev.message ?? ev.code))
          break
        default:
          this.#emit('chatkit.log', { name: 'standin.unknown_event', data: { type: ev.type } })
      }
    }
    #update(item, u) {
      if (!item) return this.#emit('chatkit.log', { name: 'standin.update_for_unknown_item', data: u })
      if (u.type.startsWith('assistant_message.') !== (item.type === 'assistant_message'))
        return this.#emit('chatkit.log', { name: 'standin.update_for_wrong_item', data: u })
      const part = (i) => (item.content[i] ??= { type: 'output_text', text: '', annotations: [] })
      if (u.type === 'assistant_message.content_part.text_delta') part(u.content_index).text += u.delta
      else if (/^assistant_message\.content_part\.(added|done)$/.test(u.type)) item.content[u.content_index] = u.content
      else if (u.type === 'assistant_message.content_part.annotation_added')
        part(u.content_index).annotations.push(u.annotation)
      else if (/^workflow\.task\.(added|updated)$/.test(u.type) && item.workflow)
        item.workflow.tasks[u.task_index] = u.task
      else if (u.type === 'widget.root.updated') item.widget = u.widget
      else if (/^widget\.(component\.updated|streaming_text\.value_delta)$/.test(u.type) && item.widget) {
        const visit = (w) => (w.id === u.component_id ? w : (w.children ?? []).map(visit).find(Boolean))
        const w = visit(item.widget)
        if (w && u.component) Object.assign(w, u.component)
        else if (w) w.value = (w.value ?? '') + u.delta
      } else this.#emit('chatkit.log', { name: 'standin.unknown_update', data: u })
    }

    // ---- composer --------------------------------------------------------------------------
    async #attach(files) {
      const { maxSize = 100 * 1024 * 1024, maxCount = 10 } = this.#o.composer.attachments
      for (const file of files) {
        if (file.size > maxSize || this.#files.length >= maxCount) {
          this.#notice = { level: 'warning', message: `${file.name} cannot be attached` }
          continue
        }
        try {
          this.#files.push(await this.#upload(file))
        } catch (e) {
          this.#notice = { level: 'danger', message: `${file.name} could not be uploaded` }
          this.#fail(e)
        }
      }
      this.#render()
    }
    async #upload(file) {
      const { uploadStrategy: way, fetch: f = fetch.bind(window) } = this.#o.api
      const form = () => {
        const data = new FormData()
        data.set('file', file, file.name)
        return data
      }
      if (way.type === 'direct') {
        const res = await f(way.uploadUrl, { method: 'POST', body: form() })
        if (!res.ok) throw new Error(`direct upload answered ${res.status}`)
        return res.json()
      }
      const params = { name: file.name, size: file.size, mime_type: file.type }
      const draft = await this.#call({ type: 'attachments.create', params })
      const { url, method, headers } = draft.upload_descriptor
      const res = await fetch(url, { method, headers, body: method === 'PUT' ? file : form() })
      if (!res.ok) throw new Error(`upload answered ${res.status}`)
      return draft
    }
    #detach(file) {
      this.#files = this.#files.filter((it) => it !== file)
      this.#call({ type: 'attachments.delete', params: { attachment_id: file.id } }).catch((e) => this.#fail(e))
      this.#render()
    }
    async #dictate() {
      try {
        const { text } = await this.#call({ type: 'input.transcribe', params: cfg.recording })
        this.#ui.input.value += text
      } catch (e) {
        this.#notice = { level: 'danger', message: 'Nothing could be understood' }
        this.#fail(e)
        this.#render()
      }
    }
    #file(f) {
      return f.type === 'image'
        ? h('img', { src: f.preview_url, alt: f.name, height: 40 })
        : h('span', { text: f.name })
    }
    /** A form that takes the composer's place until it is answered or skipped. Drawn once, so that what is typed stays. */
    #form(item) {
      const drawn = this.#forms.get(item.id) ?? this.#drawForm(item)
      this.#forms.set(item.id, drawn)
      return drawn
    }
    #drawForm(item) {
      const say = (status, answers) => {
        const params = { thread_id: item.thread_id, item_id: item.id, input: { status, answers } }
        void this.#stream({ type: 'threads.add_structured_input', params })
      }
      const fields = item.inputs.map((it) =>
        h(
          'fieldset',
          {},
          h('legend', { text: it.question }),
          ...(it.options
            ? it.options.map(({ value }) =>
                h('label', {}, h('input', { type: it.multiple ? 'checkbox' : 'radio', name: it.id, value }), value),
              )
            : [h('textarea', { name: it.id, 'aria-label': it.question })]),
        ),
      )
      const submit = (e) => {
        e.preventDefault()
        const given = new FormData(e.target)
        say(
          'answered',
          Object.fromEntries(item.inputs.map(({ id }) => [id, { values: given.getAll(id).filter(Boolean) }])),
        )
      }
      return h(
        'form',
        { class: 'box', 'data-item': item.id, 'aria-label': 'Questions', onsubmit: submit },
        ...fields,
        h('button', { type: 'submit', text: 'Answer' }),
        h('button', { type: 'button', text: 'Skip', onclick: () => say('skipped', {}) }),
      )
    }

    // ---- view ------------------------------------------------------------------------------
    #build() {
      const root = this.attachShadow({ mode: 'open' })
      const sheet = new CSSStyleSheet() // constructed sheet: not subject to style-src
      sheet.replaceSync(`:host{display:flex;flex-direction:column;min-height:320px;font:15px/1.45 system-ui;border:1px solid #8a8a8a;border-radius:12px;background:#fff;color:#111;overflow:hidden}
        header,form{display:flex;gap:8px;padding:8px 12px;align-items:center;border-bottom:1px solid #ddd}form{border:0;border-top:1px solid #ddd}h2{font-size:15px;margin:0;flex:1}
        [role=log]{flex:1;overflow:auto;padding:12px;display:flex;flex-direction:column;gap:8px}.user{align-self:end;background:#e9e9e9;border-radius:12px;padding:6px 10px}
        .box{border:1px solid #bbb;border-radius:8px;padding:8px}.danger{border-color:#b00020;color:#b00020}textarea{flex:1;font:inherit;padding:6px}button{font:inherit;min-height:32px}ul{margin:4px 0;padding-left:18px}`)
      root.adoptedStyleSheets = [sheet]
      const input = h('textarea', {
        rows: 1,
        'aria-label': 'Message',
        onkeydown: (e) => {
          if (e.key === 'Enter' && !e.shiftKey) {
            e.preventDefault()
            this.#submit()
          }
        },
      })
      const stop = h('button', { type: 'button', text: 'Stop', hidden: true, onclick: () => this.#abort?.abort() })
      const title = h('h2')
      const log = h('div', { role: 'log', 'aria-label': 'Conversation', tabindex: '0' })
      const form = h(
        'form',
        {
          onsubmit: (e) => {
            e.preventDefault()
            this.#submit()
          },
        },
        input,
        h('div', { class: 'chips' }),
        stop,
        h('button', { type: 'submit', text: 'Send' }),
      )
      const tools = h('div', { class: 'tools' })
      const small = h('small')
      const head = h(
        'header',
        {},
        title,
        h('button', { type: 'button', text: 'New chat', onclick: () => this.#open(null) }),
        h('button', {
          type: 'button',
          text: 'History',
          onclick: () => (this.#history ? this.hideHistory() : this.showHistory()).catch((e) => this.#fail(e)),
        }),
      )
      root.append(head, log, form, tools, small)
      this.#ui = { input, stop, title, log, head, tools, small, chips: form.querySelector('.chips') }
    }
    #submit() {
      const text = this.#ui.input.value.trim()
      if (!(text || this.#files.length > 0) || this.#abort) return
      this.#ui.input.value = ''
      const attachments = this.#files.splice(0)
      void this.sendUserMessage({ text, attachments })
    }
    /** Drawn once for each set of options: a choice in it is to last. */
    #renderTools({ composer = {}, disclaimer, locale }) {
      const { tools, small } = this.#ui
      small.textContent = disclaimer?.text ?? ''
      if (locale) this.lang = locale
      const drawn = JSON.stringify(composer)
      if (tools.dataset.drawn === drawn) return
      tools.dataset.drawn = drawn
      const { attachments, dictation, models } = composer
      this.#ui.model = models
        ? h(
            'select',
            { 'aria-label': 'Model' },
            ...models.map((it) => h('option', { value: it.id, text: it.label, selected: it.default })),
          )
        : null
      tools.replaceChildren(
        ...[
          attachments?.enabled
            ? h('input', {
                type: 'file',
                multiple: true,
                'aria-label': 'Attach files',
                onchange: ({ currentTarget }) =>
                  void this.#attach([...currentTarget.files]).then(() => (currentTarget.value = '')),
              })
            : null,
          dictation?.enabled
            ? h('button', { type: 'button', text: 'Dictate', onclick: () => void this.#dictate() })
            : null,
          this.#ui.model,
        ].filter(Boolean),
      )
    }
    #render() {
      const o = this.#o ?? {},
        { log, title, stop, input } = this.#ui
      title.textContent = o.header?.title?.text || this.#thread?.title || o.frameTitle || 'Chat'
      this.#ui.head.hidden = o.header?.enabled === false
      stop.hidden = !(this.#abort && this.#cancelable)
      input.placeholder = o.composer?.placeholder ?? 'Message the AI'
      const status = this.#thread?.status?.type ?? 'active'
      const asked = [...this.#items.values()].some((i) => i.type === 'structured_input' && i.status === 'pending')
      input.disabled = status !== 'active' || asked
      this.#renderTools(o)
      this.#ui.chips.replaceChildren(
        ...this.#files.map((f) =>
          h(
            'span',
            {},
            this.#file(f),
            h('button', {
              type: 'button',
              'aria-label': `Remove ${f.name}`,
              text: 'x',
              onclick: () => this.#detach(f),
            }),
          ),
        ),
      )
      log.setAttribute('aria-busy', String(!!this.#abort))
      if (this.#history) {
        return log.replaceChildren(
          ...this.#history.map((t) =>
            h(
              'div',
              { class: 'box' },
              h('button', {
                type: 'button',
                text: t.title || 'Untitled',
                onclick: () => this.#open(t.id).catch((e) => this.#fail(e)),
              }),
              o.history?.showDelete === false
                ? null
                : h('button', {
                    type: 'button',
                    'aria-label': `Delete ${t.title || 'thread'}`,
                    text: 'Delete',
                    onclick: () =>
                      this.#call({ type: 'threads.delete', params: { thread_id: t.id } })
                        .then(() => this.showHistory())
                        .catch((e) => this.#fail(e)),
                  }),
            ),
          ),
        )
      }
      const nodes = [...this.#items.values()].map((i) => this.#item(i)).filter(Boolean)
      if (!nodes.length && !this.#abort) {
        nodes.push(h('p', { text: o.startScreen?.greeting ?? 'What can I help with today?' }))
        for (const p of o.startScreen?.prompts ?? [])
          nodes.push(
            h('button', {
              type: 'button',
              text: p.label,
              onclick: () =>
                this.sendUserMessage(typeof p.prompt === 'string' ? { text: p.prompt } : { content: p.prompt }),
            }),
          )
      }
      if (this.#progress) nodes.push(h('p', { role: 'status', text: this.#progress }))
      if (this.#notice)
        nodes.push(
          h(
            'div',
            { class: `box ${this.#notice.level}`, role: 'alert' },
            `${this.#notice.title ? `${this.#notice.title}: ` : ''}${this.#notice.message}`,
            this.#notice.retry ? h('button', { type: 'button', text: 'Retry', onclick: () => this.#retry() }) : null,
          ),
        )
      log.replaceChildren(...nodes)
      log.scrollTop = log.scrollHeight
    }
    #retry() {
      const last = [...this.#items.values()].filter((i) => i.type === 'user_message').at(-1)
      if (!last) return
      let after = false
      for (const i of [...this.#items.values()]) {
        if (after) this.#items.delete(i.id)
        if (i.id === last.id) after = true
      }
      void this.#stream({ type: 'threads.retry_after_item', params: { thread_id: this.#thread.id, item_id: last.id } })
    }
    #item(i) {
      switch (i.type) {
        case 'user_message':
          return h(
            'div',
            { class: 'user', 'data-item': i.id },
            i.content.map((c) => c.text).join(''),
            ...(i.attachments ?? []).map((f) => this.#file(f)),
          )
        case 'assistant_message': {
          const el = h(
            'div',
            { class: 'assistant', 'data-item': i.id },
            h('div', { style: undefined, text: i.content.map((c) => c.text).join('') }),
          )
          const a = this.#o.threadItemActions ?? {}
          if (a.feedback)
            for (const kind of ['positive', 'negative'])
              el.append(
                h('button', {
                  type: 'button',
                  'aria-label': `${kind} feedback`,
                  text: kind === 'positive' ? '+1' : '-1',
                  onclick: () =>
                    this.#call({
                      type: 'items.feedback',
                      params: { thread_id: i.thread_id, item_ids: [i.id], kind },
                    }).catch((e) => this.#fail(e)),
                }),
              )
          if (a.retry) el.append(h('button', { type: 'button', text: 'Retry', onclick: () => this.#retry() }))
          return el
        }
        case 'workflow':
          return h(
            'div',
            { class: 'box', 'data-item': i.id },
            h('strong', { text: i.workflow.summary?.title ?? 'Working' }),
            h(
              'ul',
              {},
              ...i.workflow.tasks.map((t) =>
                h('li', {
                  'data-status': t.status_indicator,
                  text: `${t.title ?? t.content ?? t.type}${t.status_indicator === 'loading' ? ' ...' : t.status_indicator === 'complete' ? ' (done)' : ''}`,
                }),
              ),
            ),
          )
        case 'task':
          return h('div', { class: 'box', 'data-item': i.id, text: i.task.title ?? i.task.content ?? i.task.type })
        case 'client_tool_call':
          return h('div', { class: 'box', 'data-item': i.id, text: `${i.name} (${i.status})` })
        case 'widget':
          return h('div', { class: 'box', 'data-item': i.id }, this.#widget(i.widget, i))
        case 'structured_input':
          return i.status === 'pending'
            ? this.#form(i)
            : h('div', {
                class: 'box',
                'data-item': i.id,
                text: `${i.status}: ${i.inputs.map((it) => `${it.question} ${it.answer?.values.join(', ')}`).join('; ')}`,
              })
        case 'end_of_turn':
          return null
        default:
          return h('div', { class: 'box', 'data-item': i.id, text: i.type })
      }
    }
    #widget(w, item) {
      const kids = (w.children ?? []).map((c) => this.#widget(c, item))
      if (w.type === 'Button')
        return h('button', {
          type: 'button',
          text: w.label,
          disabled: w.disabled,
          onclick: () => this.#action(w.onClickAction, item),
        })
      if (['Text', 'Title', 'Markdown', 'Caption'].includes(w.type))
        return h(w.type === 'Title' ? 'h3' : 'p', { text: w.value })
      if (w.type === 'Badge') return h('span', { text: w.label })
      const el = h('div', { 'data-widget': w.type }, ...kids)
      for (const k of ['confirm', 'cancel'])
        if (w[k])
          el.append(h('button', { type: 'button', text: w[k].label, onclick: () => this.#action(w[k].action, item) }))
      return el
    }
    #action(a, item) {
      if (!a) return
      if (a.handler === 'client')
        return void this.#o.widgets?.onAction?.(
          { type: a.type, payload: a.payload },
          { id: item.id, widget: item.widget },
        )
      void this.sendCustomAction({ type: a.type, payload: a.payload }, item.id).catch((e) => this.#fail(e))
    }
  }
  customElements.define(TAG, ChatKitStandin)
})()
