// The system calls that a confined process may still make (seccomp(2)): to read what it was given,
// compute, take memory that cannot be run, write an answer and end. Any other kills it at once with
// SIGSYS: no file, no socket, no process, no signal to anybody but an abort of its own.
#pragma once

namespace sallyport {

/// Puts the filter over all threads of this process, for good. False, with errno: the kernel does
/// not take it. Wants PR_SET_NO_NEW_PRIVS before.
[[nodiscard]] bool install_system_call_filter();

}  // namespace sallyport
