// How many jobs wait and how long, for who watches the server: the metrics telepost_queue_jobs{network,state} and
// telepost_queue_oldest_seconds{network}. Read from the indexes by network.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "schema/job_records.h"

namespace telepost::store {

struct Rooms;

// One thread.
class OutboxCensus {
 public:
  static constexpr std::size_t kMostCounted = 200'000;  // entries read at one time; of more, so many are shown

  explicit OutboxCensus(Rooms& rooms, std::size_t most = kMostCounted) : rooms_(rooms), most_(most) {}
  // Counts anew. May block. Errors: those of a read; what is shown stays as it was.
  Result<void> take();

 private:
  struct Count {
    std::size_t ready = 0, later = 0, held = 0;
    std::int64_t oldest_ms = 0;  // how long the job that is due longest has been due
  };
  Result<void> count(schema::Network network, std::uint16_t slice, std::size_t& left, Count& count);

  Rooms& rooms_;
  const std::size_t most_;
  std::map<std::pair<schema::Network, std::uint16_t>, std::string> from_;  // nothing is before it; what is done leaves marks there
};

}  // namespace telepost::store
