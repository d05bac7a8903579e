#include "store/store.h"

#include "base/log.h"
#include "store/app_passwords.h"
#include "store/audit.h"
#include "store/cdr_export.h"
#include "store/outbox.h"
#include "store/redating.h"
#include "store/quota.h"
#include "store/rooms.h"
#include "store/schedule.h"
#include "store/second_factor.h"
#include "store/sign_in.h"
#include "store/submission.h"
#include "store/tokens.h"
#include "store/undelete.h"
#include "store/uploads.h"
#include "store/visit_log.h"

namespace telepost::store {
namespace {
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kWorkersQueue = 4096;
constexpr std::size_t kHashers = 2;         // 38 MiB at most (store/password.h)
constexpr std::size_t kHashersQueue = 64;   // a second or so of waiting
}  // namespace

Rooms::Rooms(schema::Configuration settings, schema::ClassSet class_set, std::unique_ptr<Engine> opened,
             std::unique_ptr<Archive> second, const Clock& wall, Random& generator)
    : configuration(std::move(settings)),
      engine(std::move(opened)),
      dictionaries(*engine),
      random(generator),
      clock(wall, {configuration.clock_max_jump, configuration.clock_max_stop}),
      archive(std::move(second), wall),
      classes(std::move(class_set)),
      heads(configuration.store.heads),
      creation_limit(configuration.create_per_peer_hour),
      health(*engine, configuration.store.reserve),
      committer(*engine, health, feed),
      workers(kWorkers, kWorkersQueue),
      hashers(kHashers, kHashersQueue) {}

struct Store::Facade {
  explicit Facade(Rooms& rooms)
      : deliver(rooms), accounts(rooms), app_passwords(rooms), second_factor(rooms), sign_in(rooms, second_factor), tokens(rooms), mailboxes(rooms), reader(rooms), changer(rooms), sweep(rooms), quota(rooms), outbox(rooms), submission(rooms), cdrs(rooms), audit(rooms), undelete(rooms), uploads(rooms), holds(rooms), visits(rooms) {}
  Deliver deliver;
  Accounts accounts;
  AppPasswords app_passwords;
  SecondFactor second_factor;
  SignIn sign_in;
  Tokens tokens;
  Mailboxes mailboxes;
  MessageReader reader;
  MessageChanger changer;
  Sweep sweep;
  Quota quota;
  Outbox outbox;
  Submission submission;
  CdrExport cdrs;
  Audit audit;
  Undelete undelete;
  Uploads uploads;
  Holds holds;
  VisitLog visits;
};

Result<std::unique_ptr<Store>> Store::open(Options options, std::unique_ptr<Engine> engine, const Clock& clock, Random& random) {
  auto rooms = std::make_unique<Rooms>(std::move(options.configuration), std::move(options.classes), std::move(engine),
                                       std::move(options.archive), clock, random);
  TELEPOST_TRY(begin_incarnation(*rooms));
  TELEPOST_TRY(Redating(*rooms).begin());
  TELEPOST_TRY(Holds(*rooms).load());
  rooms->health.refresh();
  rooms->serving = options.sweeping == Options::Sweeping::by_itself;
  if (rooms->serving) rooms->removals = std::make_unique<AccountRemovals>(*rooms);
  return std::unique_ptr<Store>(new Store(std::move(rooms)));
}

Store::Store(std::unique_ptr<Rooms> rooms)
    : rooms_(std::move(rooms)),
      facade_(std::make_unique<Facade>(*rooms_)),
      schedule_(std::make_unique<Schedule>(*rooms_, rooms_->serving ? Schedule::Sweeping::by_itself : Schedule::Sweeping::when_asked)) {}

Store::~Store() {
  rooms_->stopping.store(true);
  rooms_->archive.stop();
  schedule_.reset();
  rooms_->removals.reset();
  const Result<void> written = write_accesses(*rooms_);
  if (!written.ok()) log::warning("accesses_not_written", {{"reason", to_string(written.error())}});
  facade_.reset();
  if (const Result<void> kept = keep_time(*rooms_); !kept.ok()) log::warning("store_time_not_kept", {{"reason", to_string(kept.error())}});
}

Rooms& rooms_of(Store& store) { return *store.rooms_; }

Deliver& Store::deliver() { return facade_->deliver; }
Accounts& Store::accounts() { return facade_->accounts; }
AppPasswords& Store::app_passwords() { return facade_->app_passwords; }
SecondFactor& Store::second_factor() { return facade_->second_factor; }
SignIn& Store::sign_in() { return facade_->sign_in; }
Tokens& Store::tokens() { return facade_->tokens; }
Mailboxes& Store::mailboxes() { return facade_->mailboxes; }
MessageReader& Store::reader() { return facade_->reader; }
MessageChanger& Store::changer() { return facade_->changer; }
ChangeFeed& Store::changes() { return rooms_->feed; }
Sweep& Store::sweep() { return facade_->sweep; }
Quota& Store::quota() { return facade_->quota; }
Outbox& Store::outbox() { return facade_->outbox; }
Submission& Store::submission() { return facade_->submission; }
CdrExport& Store::cdrs() { return facade_->cdrs; }
Audit& Store::audit() { return facade_->audit; }
Undelete& Store::undelete() { return facade_->undelete; }
Uploads& Store::uploads() { return facade_->uploads; }
Holds& Store::holds() { return facade_->holds; }
VisitLog& Store::visits() { return facade_->visits; }
Engine& Store::engine() { return *rooms_->engine; }
const schema::Configuration& Store::configuration() const { return rooms_->configuration; }
Result<MailView> Store::view(schema::AccountId account) { return MailView::open(*rooms_, account); }
void Store::set_classes(schema::ClassSet classes) {
  rooms_->classes.set(std::move(classes));
  const Result<void> begun = Redating(*rooms_).begin();
  if (!begun.ok()) log::warning("redating_not_begun", {{"reason", to_string(begun.error())}});
}
Time Store::now() const { return rooms_->clock.now(); }
Result<ClockState> Store::clock() const { return clock_state(*rooms_); }
Result<ClockState> Store::accept_clock() { return store::accept_clock(*rooms_); }
Result<void> Store::run(std::function<void()> work) { return rooms_->workers.run(std::move(work)); }
Result<void> Store::run_hashing(std::function<void()> work) { return rooms_->hashers.run(std::move(work)); }
Result<void> Store::health() const { return rooms_->health.check(); }

}  // namespace telepost::store
