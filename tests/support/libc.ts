/** The system calls that a network of our own needs and the runtime does not offer. Linux only. */

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
} as const;

/** The C library, as seen from here; each result is negative for an error. */
export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Each thread opens it for itself, and closes it. */
export function openLibc(): Libc {
  return Deno.dlopen("libc.so.6", SYMBOLS);
}
