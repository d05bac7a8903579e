// A connection as line protocols use it: what was read and not yet taken, and what is to be written and not yet sent.
// Reading and writing are gathered: one read takes a whole group of pipelined commands, one write sends all their replies.
// It works in plain text until a start_tls(), and in TLS from then on, behind the same interface.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/awaitable.h"
#include "adapters/net/deadline.h"
#include "adapters/net/tls.h"
#include "base/result.h"

namespace telepost::store {
class VisitLog;
}

namespace telepost::adapters::net {

class Loop;
class Visit;
struct Peer;

// Only on its loop's thread. Memory: while nothing comes it holds only what is buffered; else a read buffer that grows from
// 16 KiB to 128 KiB when bulk data fills it.
class LineStream {
 public:
  LineStream(Loop& loop, int socket);  // takes the socket; does not throw: a broken one fails its first wait
  ~LineStream();
  LineStream(const LineStream&) = delete;
  LineStream& operator=(const LineStream&) = delete;

  std::string_view buffered() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size_bytes) { begin_ += size_bytes; }
  // Gives back what bulk data made the buffer grow to.
  void relax();
  // Reads once, at least one byte. Errors: unavailable (the peer closed or is gone, or TLS broke), timeout, cancelled
  // (interrupt() or close()), too_large (128 KiB are buffered and nothing was consumed).
  Awaitable<Result<void>> fill(Duration timeout);
  // The same, and the waker ends it too. Without any time it only looks, and is woken where there is nothing.
  enum class Filled : unsigned char { bytes, woken };
  Awaitable<Result<Filled>> fill_or_wake(Duration timeout);

  std::string& out() { return out_; }
  // Sends out(). Errors as for fill().
  Awaitable<Result<void>> flush(Duration timeout);

  // The handshake, as the side that accepts or the one that connects: at once for implicit TLS, or behind STARTTLS once its
  // reply is flushed (accepting) or read (connecting). Errors, each logged as tls_handshake_failed with its reason: invalid
  // (bytes are buffered), timeout (of the whole handshake), denied (the peer's certificate is not what was expected),
  // unavailable, cancelled. After any of them nothing can be read or written: close() or finish().
  //
  // What is buffered before the handshake came in plain text, from the peer or from anybody between us and it. Taken for
  // what comes behind the handshake it would be a command nobody sent (CVE-2011-0411; RFC 3207 section 4.2), so
  // start_tls() refuses: who accepts ends the session when buffered() is not empty behind STARTTLS, and what the session
  // knew (EHLO, AUTH, MAIL) is forgotten after the handshake.
  Awaitable<Result<void>> start_tls(const TlsIdentities& identities, Duration timeout);
  Awaitable<Result<void>> start_tls(const TlsAuthorities& authorities, TlsExpectation expected, Duration timeout);
  // Lets time pass, reading nothing and holding nothing; up to kDeadlineTick longer, or less when the waker is called. False:
  // there is no more time, by interrupt(), close() or a bound of deadline().
  Awaitable<bool> rest(Duration duration);
  // Ends the rest() or fill_or_wake() that is going on, if one is. Any thread, at any time: it posts to the loop. Nothing once the
  // stream is gone.
  std::function<void()> waker();

  // Null in plain text.
  const TlsChannel* tls() const { return is_tls_ready_ ? tls_.get() : nullptr; }

  // The fill() or start_tls() that waits, or the next one, fails with cancelled, and a rest() ends; what is buffered and flush()
  // still work.
  void interrupt();
  bool is_interrupted() const { return interrupted_; }  // or closed
  // Every wait fails from now on, and the peer sees the end.
  void close();
  bool is_closed() const { return !socket_.is_open(); }
  // Ends with a close_notify and a FIN behind what was sent and takes what still comes for a moment: closing at once would
  // answer unread bytes with a reset, which may overtake our last reply.
  static constexpr std::size_t kMostUnread = 128u << 10;
  Awaitable<void> finish(std::size_t most_bytes = kMostUnread);

  // The connection is a visit to this listener from here on, and until the stream ends; its bytes are counted (those of the protocol,
  // without TLS). The log must outlive the stream.
  void begin_visit(store::VisitLog& log, std::string_view listener, const Peer& peer);
  Visit* visit() const { return visit_.get(); }  // null where none was begun

  // Bounds the waits over several of them: a line, the whole of DATA, the session.
  Deadline& deadline() { return deadline_; }

 private:
  using Step = TlsChannel::Step;
  bool make_room();
  void resize(std::size_t bytes);
  void give_back();
  void wake();
  Step read_some();
  Step write_some(std::size_t& sent);
  Awaitable<Result<void>> wait_for(Step step);
  Awaitable<Result<void>> handshake(Result<std::unique_ptr<TlsChannel>> made, Duration timeout);
  Error handshake_error(Step step, const Result<void>& waited);
  Error wait_error(const boost::system::error_code& error) const;
  Error end_error(Step step) const;

  Socket socket_;
  Deadline deadline_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
  std::unique_ptr<TlsChannel> tls_;
  int error_number_ = 0;        // of the last step in plain text that failed
  unsigned unyielding_ = 0;     // reads in a row that did not wait
  bool is_tls_ready_ = false;
  bool is_broken_ = false;      // a handshake failed
  bool has_flushed_ = false;    // since the last read: the peer's answer cannot be here yet
  bool filling_ = false;
  bool resting_ = false;
  bool wakeable_ = false;       // fill_or_wake() is going on
  bool woken_ = false;          // it was to end
  std::shared_ptr<LineStream*> self_;  // of wakers; null inside once the stream is gone
  bool interrupted_ = false;
  std::unique_ptr<Visit> visit_;
};

}  // namespace telepost::adapters::net
