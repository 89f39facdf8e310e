// One exchange as its server sees it: a request that came, and the answer to it. All that those who
// answer know of a client; which protocol carries it is this folder's business (HTTP/1.1 now:
// http1_connection). One coroutine at a time, on its loop's thread.
//
//   auto read = co_await stream.read_body(limit, share);
//   bool taken = co_await stream.send(head, body);          // a whole answer, or:
//
//   stream.begin(head);                                     // one of unknown length
//   auto written = stream.write({&bytes, 1}, false);        // true: the last of it
//   if (written == Written::kLater) { bool on = co_await stream.flush(); ... }
//
// Failures: a client that left is told by false and by client_there(); after it, and after
// give_up(), nothing more can be answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/event_loop.h"
#include "base/task.h"
#include "http/answer_head.h"
#include "http/byte_budget.h"
#include "http/message_parser.h"

namespace sallyport::http {

class ServerStream {
 public:
  enum class BodyRead : std::uint8_t {
    kDone,
    kTooLarge,    ///< more than the limit
    kNoRoom,      ///< the process's byte budget is used up
    kFault,       ///< broken framing: fault()
    kSlow,        ///< took longer than allowed
    kClientGone,  ///< closed before its end
  };
  enum class Written : std::uint8_t {
    kAll,    ///< on its way
    kLater,  ///< kept here, in part or whole, before what is written next: flush() bounds that
    kGone,   ///< there is nobody
  };

  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;
  virtual ~ServerStream() = default;

  // ---- the request -----------------------------------------------------------------------------

  /// In place until release_request().
  [[nodiscard]] virtual const RequestHead& head() const = 0;
  /// Reads the whole body; answers `expect: 100-continue` first. After anything but kDone the
  /// connection carries no other exchange.
  [[nodiscard]] virtual Task<BodyRead> read_body(std::size_t limit, BudgetShare& budget) = 0;
  /// The whole body after read_body(); in place until release_request().
  [[nodiscard]] virtual std::string_view body() const = 0;
  /// What was wrong, after BodyRead::kFault.
  [[nodiscard]] virtual HeadFault fault() const = 0;
  /// Gives head and body back while an answer is on its way. `for_long`: it may take minutes, so
  /// also the memory of the list of fields.
  virtual void release_request(bool for_long) = 0;

  // ---- the answer ------------------------------------------------------------------------------

  /// A whole answer; its length is told, and to HEAD no body is sent. Takes off the connection what
  /// the client still sends of its request, within bounds, so that it gets to read the answer.
  /// False: the client is gone, or takes nothing for too long.
  [[nodiscard]] virtual Task<bool> send(const AnswerHead& head,
                                        std::span<const std::string_view> body) = 0;

  /// Begins an answer of unknown length; nothing leaves before write() or flush().
  virtual void begin(const AnswerHead& head) = 0;
  /// More of it, at once as far as the client takes it. `last`: with this the answer is complete.
  /// Never waits; the views are not kept.
  [[nodiscard]] virtual Written write(std::span<const std::string_view> pieces, bool last) = 0;
  /// Waits until the client has taken everything. False: it is gone, takes nothing for too long, or
  /// a bit of abort_on() came; what is left then stays for another flush().
  [[nodiscard]] virtual Task<bool> flush() = 0;
  /// Bytes of this answer, framing included, that were handed to the client's connection.
  [[nodiscard]] virtual std::int64_t bytes_sent() const = 0;

  /// What was begun cannot be ended: the client sees it break off.
  virtual void give_up() = 0;
  /// The connection carries no other exchange after this one.
  virtual void close_after_answer() = 0;
  /// Bits of the signal that end every wait as if the client had gone (a cut by the gateway).
  virtual void abort_on(std::uint32_t bits) = 0;

  /// False once the client closed or was lost.
  [[nodiscard]] virtual bool client_there() const = 0;
  /// What everything of this exchange waits on.
  [[nodiscard]] virtual Signal& signal() = 0;

 protected:
  ServerStream() = default;
};

}  // namespace sallyport::http
