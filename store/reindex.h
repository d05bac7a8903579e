// An account's indexes made anew from its messages: where verify finds one damaged, or another version of this program reads mail in another
// way. The change log is read again from its begin, as it was the first time, off the path of deliveries.
//
// Meanwhile whoever asks for what the index tells waits for as long as a request may, and is then busy; mail comes and goes. A crash costs
// nothing: due work goes on where it was, and so does this again.
#pragma once

#include <cstdint>
#include <set>

#include "base/clock.h"
#include "base/result.h"
#include "store/index_erasure.h"
#include "store/store.h"

namespace telepost::store {

class Reindex {
 public:
  // Both outlive it.
  Reindex(Store& store, schema::AccountId account, std::set<IndexPart> parts);

  // From here on the parts stand at the log's begin, durably. Also for one that is under way: it begins again; and all parts do, where the
  // record of what is under way is damaged. Threads keep their messages and their ids; changes of threads and of mailboxes since states
  // before it are unknown (unsupported). not_found: no such account; refused: it is being deleted.
  Result<void> begin();
  const std::set<IndexPart>& parts() const { return parts_; }

  struct Progress {
    std::uint64_t read = 0, all = 0;  // changes, of all parts together
    bool is_done = false;             // all that was there when it began is read
    SteadyTime at{};                  // when this was so
  };
  // A bounded piece; while nothing is read yet, what was there before is taken out. Blocks. cancelled: the store is being closed; refused:
  // the account is being deleted.
  Result<Progress> go_on();

 private:
  Result<void> begin(AccountWrite& write);
  Rooms& rooms_;
  const schema::AccountId account_;
  std::set<IndexPart> parts_;
  schema::Modseq until_{};
};

}  // namespace telepost::store
