import type { SVGProps } from 'react'

type IconProps = SVGProps<SVGSVGElement>

/** Decoration only: the control that holds an icon carries the words. */
function Icon({ children, ...rest }: IconProps) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="1.25em"
      height="1.25em"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      {children}
    </svg>
  )
}

const icon = (path: string) =>
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each icon, when the module loads
  function PathIcon(props: IconProps) {
    return (
      <Icon {...props}>
        <path d={path} />
      </Icon>
    )
  }

export const MenuIcon = icon('M4 7h16M4 12h16M4 17h10')
export const PlusIcon = icon('M12 5v14M5 12h14')
export const ArrowUpIcon = icon('M12 19V5M6 11l6-6 6 6')
export const ArrowDownIcon = icon('M12 5v14M6 13l6 6 6-6')
export const ArrowRightIcon = icon('M5 12h14M13 6l6 6-6 6')
export const CheckIcon = icon('M5 12.5l4.5 4.5L19 7.5')
export const ClipIcon = icon(
  'M20 11.5l-8.2 8.2a5 5 0 0 1-7-7l8.5-8.6a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.5a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6',
)
export const FileIcon = icon('M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5M9 13h6M9 17h4')
export const CrossIcon = icon('M6 6l12 12M18 6L6 18')
export const ChevronDownIcon = icon('M6 9.5l6 6 6-6')
export const ChevronUpDownIcon = icon('M8 9.5l4-4 4 4M8 14.5l4 4 4-4')
export const TrashIcon = icon('M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10 11v5M14 11v5')
export const PencilIcon = icon('M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19 4 20zM13.5 7l3.5 3.5')
export const DotsIcon = icon('M5 12h.01M12 12h.01M19 12h.01')
export const CopyIcon = icon('M9 9h11v11H9zM5 15H4V4h11v1')
export const HomeIcon = icon('M4 11l8-7 8 7v9h-5.5v-6h-5v6H4z')
export const ChatIcon = icon('M4 5h16v11.5H11L6.5 20v-3.5H4z')
export const SignOutIcon = icon('M14 4H5v16h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5')
export const ToolIcon = icon(
  'M14.7 6.3a1 1 0 0 0 0 1.4l1.6 1.6a1 1 0 0 0 1.4 0l3.77-3.77a6 6 0 0 1-7.94 7.94l-6.91 6.91a2.12 2.12 0 0 1-3-3l6.91-6.91a6 6 0 0 1 7.94-7.94z',
)
export const CalendarIcon = icon('M4.5 6h15v14h-15zM4.5 10.5h15M8.5 3.5V7M15.5 3.5V7')
export const WarningIcon = icon('M12 4l9 16H3zM12 10v4.5M12 17.2v.01')
export const RefreshIcon = icon('M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4.5v5h-5')
export const SparkIcon = icon('M12 4l1.9 5.1L19 11l-5.1 1.9L12 18l-1.9-5.1L5 11l5.1-1.9zM19 17v4M17 19h4')
export const TerminalIcon = icon('M4 5h16v14H4zM7.5 9.5l3 2.5-3 2.5M12.5 15h4')
export const CloudOffIcon = icon('M4 4l16 16M9 6.6A5.5 5.5 0 0 1 17.4 11 4 4 0 0 1 19 18M14.5 18H7a4.5 4.5 0 0 1-1-8.9')
export const SearchIcon = icon('M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5')
export const SlidersIcon = icon('M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5')
export const PinIcon = icon('M9 4h6l-1 6 3 3.5H7L10 10zM12 13.5V20')
export const ArchiveIcon = icon('M4 5h16v4H4zM5.5 9v10.5h13V9M10 13h4')
export const DownloadIcon = icon('M12 4v11M7 10.5l5 5 5-5M5 19.5h14')
export const KeyboardIcon = icon('M3.5 6.5h17v11h-17zM7 10h.01M10.5 10h.01M14 10h.01M17 10h.01M8 14h8')
export const ThumbUpIcon = icon(
  'M7.5 11v8.5H4.5V11zM7.5 11l4-7c1.5 0 2.2 1 2 2.3L13 9.5h5.2c1.2 0 1.9 1 1.6 2.1l-1.5 6.2c-.3 1-1 1.7-2 1.7H7.5',
)
export const ThumbDownIcon = icon(
  'M16.5 13V4.5h3V13zM16.5 13l-4 7c-1.5 0-2.2-1-2-2.3l.5-3.2H5.8c-1.2 0-1.9-1-1.6-2.1l1.5-6.2c.3-1 1-1.7 2-1.7h8.8',
)
export const ChevronLeftIcon = icon('M14.5 6l-6 6 6 6')
export const ChevronRightIcon = icon('M9.5 6l6 6-6 6')
export const ListIcon = icon('M9.5 7H20M9.5 12H20M9.5 17H20M4 7l1 1 2-2M4 12l1 1 2-2M4 17l1 1 2-2')

export function StopIcon(props: IconProps) {
  return (
    <Icon {...props}>
      <rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" />
    </Icon>
  )
}
