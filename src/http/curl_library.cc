// libcurl is loaded at its first use, not with the program: it brings thirty libraries with it,
// whose start alone takes longer than `sallyport token` may. These are the functions of curl.h that
// we call, each handed on to the library; whoever needs one more gets a linker error and adds it.
#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {

void* library() {
  static void* const handle = [] {
    void* opened = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
      std::fputs("sallyport: libcurl.so.4 is not there. Next: install libcurl4.\n", stderr);
      std::_Exit(3);
    }
    return opened;
  }();
  return handle;
}

// Once a function; the type is the one that curl.h gives it.
template <typename F>
F* find(const char* name) {
  auto* function = reinterpret_cast<F*>(::dlsym(library(), name));
  if (function == nullptr) std::abort();
  return function;
}

}  // namespace

#define FIND(name) static auto* const real = find<decltype(name)>(#name)

// The header names enumerations as the last fixed parameter; they are as wide as an int.
#pragma GCC diagnostic ignored "-Wvarargs"

extern "C" {

CURLcode curl_global_init(long flags) {
  FIND(curl_global_init);
  return real(flags);
}
CURL* curl_easy_init(void) {
  FIND(curl_easy_init);
  return real();
}
void curl_easy_cleanup(CURL* easy) {
  FIND(curl_easy_cleanup);
  real(easy);
}
CURLcode curl_easy_perform(CURL* easy) {
  FIND(curl_easy_perform);
  return real(easy);
}
const char* curl_easy_strerror(CURLcode code) {
  FIND(curl_easy_strerror);
  return real(code);
}
curl_slist* curl_slist_append(curl_slist* list, const char* text) {
  FIND(curl_slist_append);
  return real(list, text);
}
void curl_slist_free_all(curl_slist* list) {
  FIND(curl_slist_free_all);
  real(list);
}
CURLM* curl_multi_init(void) {
  FIND(curl_multi_init);
  return real();
}
CURLMcode curl_multi_cleanup(CURLM* multi) {
  FIND(curl_multi_cleanup);
  return real(multi);
}
CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  FIND(curl_multi_add_handle);
  return real(multi, easy);
}
CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* easy) {
  FIND(curl_multi_remove_handle);
  return real(multi, easy);
}
CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  FIND(curl_multi_info_read);
  return real(multi, left);
}
CURLMcode curl_multi_perform(CURLM* multi, int* running) {
  FIND(curl_multi_perform);
  return real(multi, running);
}
CURLMcode curl_multi_poll(CURLM* multi, curl_waitfd* extra, unsigned count, int milliseconds,
                          int* ready) {
  FIND(curl_multi_poll);
  return real(multi, extra, count, milliseconds, ready);
}
CURLMcode curl_multi_wakeup(CURLM* multi) {
  FIND(curl_multi_wakeup);
  return real(multi);
}

// The type of the last argument follows from the option's number (curl.h, CURLOPTTYPE_*).
#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL* easy, CURLoption option, ...) {
  FIND(curl_easy_setopt);
  std::va_list list;
  va_start(list, option);
  CURLcode code;
  if (option < CURLOPTTYPE_OBJECTPOINT) {
    code = real(easy, option, va_arg(list, long));
  } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
    code = real(easy, option, va_arg(list, curl_off_t));
  } else {
    code = real(easy, option, va_arg(list, void*));
  }
  va_end(list);
  return code;
}
#undef curl_multi_setopt
CURLMcode curl_multi_setopt(CURLM* multi, CURLMoption option, ...) {
  FIND(curl_multi_setopt);
  std::va_list list;
  va_start(list, option);
  CURLMcode code = static_cast<int>(option) < CURLOPTTYPE_OBJECTPOINT
                       ? real(multi, option, va_arg(list, long))
                       : real(multi, option, va_arg(list, void*));
  va_end(list);
  return code;
}
#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL* easy, CURLINFO info, ...) {
  FIND(curl_easy_getinfo);
  std::va_list list;
  va_start(list, info);
  CURLcode code = real(easy, info, va_arg(list, void*));
  va_end(list);
  return code;
}

}  // extern "C"
