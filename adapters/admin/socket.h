// The admin socket: `store.path/admin.sock`, for the server's own user and root, through which commands reach a running server.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/admin/channel.h"
#include "base/result.h"
#include "store/store.h"

namespace telepost::adapters::admin {

inline constexpr std::size_t kMaxExchanges = 8;

// Each exchange has a thread of its own, at most kMaxExchanges (one more is told busy): commands block, and one whose reader
// is a pager must not keep a thread of the store's pool from the sessions.
class AdminSocket {
 public:
  // Precondition: the caller holds the store's lock, so that a socket found at `path` is stale; it is replaced. Mode 0600.
  // Errors: io, denied.
  static Result<std::unique_ptr<AdminSocket>> start(store::Store& store, std::string path);
  ~AdminSocket();  // stop() and wait for the verbs that run

  // Takes no more, and cuts the exchanges off: a verb ends when it next speaks. Any thread.
  void stop();

 private:
  struct Conversation {
    explicit Conversation(Descriptor socket) : channel(std::move(socket)) {}
    Channel channel;
    std::thread thread;
    bool done = false;  // guarded by AdminSocket::mutex_
  };
  AdminSocket(store::Store& store, std::string path, Descriptor listener, Descriptor wake);
  void accept_all();
  void admit(Descriptor socket);
  void converse(Conversation& conversation);
  void reap();
  void note_refused(int fd, std::string_view reason);

  store::Store& store_;
  const std::string path_;
  const Descriptor listener_;
  const Descriptor wake_;  // eventfd: readable once stop() was called
  std::mutex mutex_;
  bool stopping_ = false;                  // guarded by mutex_
  std::list<Conversation> conversations_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace telepost::adapters::admin
