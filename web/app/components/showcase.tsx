import { CheckIcon, ToolIcon } from './icons.tsx'
import { Mark } from './logo.tsx'

/** A picture of what the product does, beside the sign-in form. Dark in both themes. */
export function Showcase() {
  return (
    <div
      aria-hidden="true"
      className="relative hidden overflow-hidden bg-[#07120b] text-[#e9f5ec] lg:grid lg:place-items-center"
    >
      <div className="absolute -top-1/4 -right-1/4 size-[44rem] rounded-full bg-[radial-gradient(closest-side,#0fff5038,transparent)]" />
      <div className="absolute -bottom-1/3 -left-1/4 size-[40rem] rounded-full bg-[radial-gradient(closest-side,#0fff501f,transparent)]" />
      <div className="absolute inset-0 bg-[linear-gradient(#ffffff08_1px,transparent_1px),linear-gradient(90deg,#ffffff08_1px,transparent_1px)] bg-[size:3rem_3rem] [mask-image:radial-gradient(closest-side,black,transparent)]" />
      <div className="relative w-full max-w-md space-y-4 px-8">
        <div className="ml-auto w-fit rounded-2xl rounded-br-md bg-accent px-4 py-2.5 text-accent-ink">
          Add “buy oat milk” for Friday
        </div>
        <div className="flex gap-3">
          <Mark className="mt-1 size-7" />
          <div className="min-w-0 flex-1 space-y-3">
            <div className="flex items-center gap-3 rounded-xl border border-white/12 bg-white/5 px-3.5 py-3 text-sm backdrop-blur">
              <ToolIcon className="size-4 text-accent" />
              <span className="flex-1">
                <span className="block font-medium">Add a task</span>
                <span className="block text-xs text-white/65">Buy oat milk, Friday</span>
              </span>
              <CheckIcon className="size-4 text-accent" />
            </div>
            <p className="leading-relaxed text-white/85">
              Done. <strong className="font-semibold text-white">Buy oat milk</strong> is on your list for Friday.
            </p>
          </div>
        </div>
        <p className="pt-8 text-2xl font-semibold tracking-tight text-balance text-white">
          Talk about your work.
          <br />
          <span className="text-accent">It gets done while you talk.</span>
        </p>
      </div>
    </div>
  )
}
