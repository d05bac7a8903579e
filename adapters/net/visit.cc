#include "adapters/net/visit.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace telepost::adapters::net {

Visit::Visit(store::VisitLog& log, std::string_view listener, const Peer& peer) : log_(log), number_(log.begin(listener, visitor_of(peer))) {}

Visit::~Visit() { log_.end(number_, bytes_in_, bytes_out_); }

// What is nothing new costs neither a lock nor a record.
void Visit::log_in(const Peer& peer, store::VisitLog::Attempt attempt) {
  if (number_ == 0) return;
  attempt.peer = visitor_of(peer);
  if (attempt.refused.empty()) {
    if (is_told(attempt)) return;
    if (accepted_.size() == kMostAttemptsKept) accepted_.pop_front();
    accepted_.push_back(attempt);
  }
  log_.log_in(number_, std::move(attempt));
}

bool Visit::is_told(const store::VisitLog::Attempt& attempt) const {
  const auto words_of = [](const store::VisitLog::Attempt& one) { return std::tie(one.account, one.method, one.name, one.peer); };
  return std::any_of(accepted_.begin(), accepted_.end(), [&](const store::VisitLog::Attempt& one) { return words_of(one) == words_of(attempt); });
}

std::string visitor_of(const Peer& peer) { return peer.uid ? "unix:" + std::to_string(*peer.uid) : peer.address; }

void note_refused(store::VisitLog& log, std::string_view listener, const Peer& peer, std::string_view reason) {
  log.note({.event = schema::VisitRecord::Event::connection, .result = schema::VisitRecord::Result::refused,
            .listener = std::string(listener), .peer = visitor_of(peer), .reason = std::string(reason)});
}

}  // namespace telepost::adapters::net
