// A connection as the log of visits sees it (store/visit_log.h): begun with its stream, ended with it, and the log-ins that are tried on it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "adapters/net/peer.h"
#include "store/visit_log.h"

namespace telepost::adapters::net {

inline constexpr std::size_t kMostAttemptsKept = 64;

// Only on its connection's loop. The log must outlive it.
class Visit {
 public:
  Visit(store::VisitLog& log, std::string_view listener, const Peer& peer);
  ~Visit();  // the connection's end
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  void count_in(std::size_t bytes) { bytes_in_ += bytes; }
  void count_out(std::size_t bytes) { bytes_out_ += bytes; }
  // The attempt's peer is the one given: a front may speak for another one than at the beginning. The same one accepted again (each request
  // of a client by HTTP) is one, and so is it where a front mixes some clients on one connection.
  void log_in(const Peer& peer, store::VisitLog::Attempt attempt);

 private:
  bool is_told(const store::VisitLog::Attempt& attempt) const;
  store::VisitLog& log_;
  const std::uint64_t number_;
  std::deque<store::VisitLog::Attempt> accepted_;  // the last kMostAttemptsKept that were told, the oldest first
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

// Who it is, in the log: "192.0.2.1", "unix:1000".
std::string visitor_of(const Peer& peer);
// Of a connection that was refused before there was a session.
void note_refused(store::VisitLog& log, std::string_view listener, const Peer& peer, std::string_view reason);

}  // namespace telepost::adapters::net
