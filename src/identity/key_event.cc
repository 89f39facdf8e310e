#include "identity/key_event.h"

#include "base/check.h"

namespace sallyport::identity {

std::string_view name_of(KeyEvent::Kind kind) {
  switch (kind) {
    case KeyEvent::Kind::kKeysChanged:
      return "keys.changed";
    case KeyEvent::Kind::kFetchFailed:
      return "keys.fetch_failed";
    case KeyEvent::Kind::kRecovered:
      return "keys.recovered";
    case KeyEvent::Kind::kKeysRejected:
      return "keys.rejected";
    case KeyEvent::Kind::kKeysExpired:
      return "keys.expired";
  }
  check_failed("a kind of KeyEvent", __FILE__, __LINE__);
}

}  // namespace sallyport::identity
