// For a large local buffer on the hot path that something else fills before anybody reads it: the
// compiler leaves it as it is, where it zeroes every other variable (-ftrivial-auto-var-init).
#pragma once

#if defined(__clang__)
#define SALLYPORT_UNINITIALIZED [[clang::uninitialized]]
#else
#define SALLYPORT_UNINITIALIZED
#endif
