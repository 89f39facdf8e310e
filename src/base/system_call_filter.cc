#include "base/system_call_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sallyport {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this machine's AUDIT_ARCH_ here"
#endif

// Without conditions. malloc takes memory by brk, mmap and mremap; a clock and random bytes seed
// hash tables; the signal mask, getpid and gettid are a part of abort().
constexpr long kAllowed[] = {
    SYS_read,         SYS_write,           SYS_writev,        SYS_close,      SYS_fstat,
    SYS_brk,          SYS_munmap,          SYS_mremap,        SYS_madvise,    SYS_futex,
    SYS_getrandom,    SYS_getpid,          SYS_clock_gettime, SYS_gettid,     SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit,          SYS_exit_group,
};

// With memory that cannot be run.
constexpr long kAllowedUnlessExecutable[] = {SYS_mmap, SYS_mprotect};

// Little endian: the low half of an argument comes first. All that is looked at are ints.
constexpr std::uint32_t argument(std::size_t index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

class Program {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  // Each looks at the loaded word and passes over `count` instructions.
  void skip_if(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0);
  }
  void skip_unless(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
  }
  void skip_if_below(std::uint32_t value, std::uint8_t count) {
    add(BPF_JMP | BPF_JGE | BPF_K, value, 0, count);
  }
  void skip_if_without(std::uint32_t bits, std::uint8_t count) {
    add(BPF_JMP | BPF_JSET | BPF_K, bits, 0, count);
  }
  [[nodiscard]] sock_fprog view() {
    return {static_cast<unsigned short>(code_.size()), code_.data()};
  }

 private:
  void add(unsigned code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
    code_.push_back({static_cast<std::uint16_t>(code), yes, no, k});
  }
  std::vector<sock_filter> code_;
};

std::uint32_t number(long call) {
  return static_cast<std::uint32_t>(call);
}

// Every group ends in an answer of its own, so that the order of the groups means nothing.
Program make_program() {
  constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
  constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.skip_if(kArchitecture, 1);
  program.answer(kKill);
  program.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  constexpr std::uint32_t kX32 = 0x40000000;  // from here on numbers are of another interface
  program.skip_if_below(kX32, 1);
  program.answer(kKill);
#endif
  for (long call : kAllowed) {
    program.skip_unless(number(call), 1);
    program.answer(kAllow);
  }
  for (long call : kAllowedUnlessExecutable) {
    program.skip_unless(number(call), 4);
    program.load(argument(2));
    program.skip_if_without(PROT_EXEC, 1);
    program.answer(kKill);
    program.answer(kAllow);
  }
  program.skip_unless(number(SYS_tgkill), 6);  // abort(), and no other signal to nobody else
  program.load(argument(0));
  program.skip_unless(static_cast<std::uint32_t>(::getpid()), 3);
  program.load(argument(2));
  program.skip_unless(SIGABRT, 1);
  program.answer(kAllow);
  program.answer(kKill);
  program.answer(kKill);
  return program;
}

}  // namespace

bool install_system_call_filter() {
  Program program = make_program();
  sock_fprog view = program.view();
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &view) == 0;
}

}  // namespace sallyport
