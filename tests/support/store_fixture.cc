#include "tests/support/store_fixture.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/archive/engine_archive.h"
#include "store/rooms.h"
#include "tests/support/borrowed_engine.h"
#include "tests/support/store_content.h"

namespace telepost::test {
namespace {

// What an emptied store may keep: by partition kind, and by key inside it.
bool may_stay(store::Space space, std::string_view key) {
  const char kind = key[0];
  if (kind == static_cast<char>(schema::PartitionKind::dictionary)) return true;  // strings of many are nobody's
  if (kind == static_cast<char>(schema::PartitionKind::meta) || kind == static_cast<char>(schema::PartitionKind::cdr)) return true;
  if (kind == static_cast<char>(schema::PartitionKind::account)) return space == store::Space::queue && key[9] == 'E';
  return kind == static_cast<char>(schema::PartitionKind::calendar) && space == store::Space::point;
}

testing::AssertionResult report_of(store::Store& store, bool debris_too) {
  const auto report = store::verify(store);
  if (!report.ok()) return testing::AssertionFailure() << to_string(report.error());
  if (report->sound() && (!debris_too || report->debris.empty())) return testing::AssertionSuccess();
  testing::AssertionResult failure = testing::AssertionFailure();
  for (const store::Finding& finding : report->findings) {
    if (debris_too || finding.as == store::Finding::Class::damage) failure << to_string(finding) << "\n";
  }
  return failure;
}

}  // namespace

schema::Configuration StoreFixture::configuration() {
  schema::Configuration settings;
  settings.domains = {{"example.test", "standard", true}};
  settings.numbers = {{"+1555", "standard", true}};
  settings.audit_keep = std::chrono::days(30);  // an emptied store sees its end
  return settings;
}

StoreFixture::StoreFixture(schema::Configuration settings, std::uint64_t seed, store::Engine::Writers writers)
    : random_(seed), engine_(clock_), archive_engine_(clock_), configuration_(std::move(settings)), writers_(writers), store_(open()) {}

StoreFixture::~StoreFixture() { store_.reset(); }

std::unique_ptr<store::Store> StoreFixture::open() {
  store::Store::Options options;
  options.configuration = configuration_;
  options.classes = classes_;
  options.archive = std::make_unique<store::EngineArchive>([this](store::EngineArchive::Missing) -> Result<std::unique_ptr<store::Engine>> {
    if (archive_away_) return Error{Errc::not_found, "the archive's folder is not there"};
    return std::unique_ptr<store::Engine>(std::make_unique<BorrowedEngine>(archive_engine_));
  });
  auto opened = store::Store::open(std::move(options), std::make_unique<BorrowedEngine>(engine_, writers_), clock_, random_);
  EXPECT_TRUE(opened.ok()) << to_string(opened.error());
  return std::move(*opened);
}

void StoreFixture::reopen() {
  store_.reset();
  engine_.restart();
  store_ = open();
}

std::unique_ptr<store::Store> StoreFixture::open_another() { return open(); }

schema::AccountId StoreFixture::create(const std::string& address) {
  const auto created = store_->accounts().create({{address}, "", ""});
  EXPECT_TRUE(created.ok()) << to_string(created.error());
  return created.ok() ? *created : schema::AccountId{};
}

Result<store::Recipient> StoreFixture::resolve(const std::string& address) {
  return store::wait_for<store::Recipient>([&](auto done) { store_->deliver().resolve(address, {"test"}, std::move(done)); });
}

std::vector<Result<store::Delivered>> StoreFixture::deliver(store::Incoming incoming, std::string_view text) {
  return test::deliver(*store_, std::move(incoming), text);
}

Result<store::Delivered> StoreFixture::deliver(const std::string& address, std::string_view text) {
  TELEPOST_ASSIGN(store::Recipient recipient, resolve(address));
  store::Incoming incoming;
  incoming.origin.network = "lmtp";
  incoming.from = "mailto:sender@example.net";
  incoming.to = {std::move(recipient)};
  return deliver(std::move(incoming), text)[0];
}

Result<store::Delivered> StoreFixture::deliver_to(schema::AccountId account, std::string_view text, std::optional<Time> received) {
  TELEPOST_ASSIGN(const store::Account shown, store_->accounts().show(account));
  store::Incoming incoming;
  incoming.origin.network = "lmtp";
  incoming.from = "mailto:sender@example.net";
  incoming.to = {{account, shown.profile.addresses.front(), ""}};
  incoming.received = received;
  return deliver(std::move(incoming), text)[0];
}

testing::AssertionResult StoreFixture::verify_clean() { return report_of(*store_, false); }
testing::AssertionResult StoreFixture::verify_spotless() { return report_of(*store_, true); }

Result<store::SweepReport> StoreFixture::sweep() {
  store::rooms_of(*store_).workers.wait_until_idle();  // a delivery that was broken off unlinks its pieces there
  clock_.advance(Duration(1));  // what is due at this millisecond is swept in the next
  return store_->sweep().run({});
}

testing::AssertionResult StoreFixture::empties_to_nothing() {
  std::vector<schema::AccountId> accounts;
  const auto listed = store_->accounts().list({}, [&](schema::AccountId id, const schema::AccountListRecord&) {
    accounts.push_back(id);
    return true;
  });
  if (!listed.ok()) return testing::AssertionFailure() << to_string(listed.error());
  for (const schema::AccountId account : accounts) {
    const auto removed = store_->accounts().remove(account);
    if (!removed.ok() && removed.error().kind != Errc::not_found) return testing::AssertionFailure() << to_string(removed.error());
  }
  // Hints of a removed account stand until their time: the last one is where tombstones would have ended. Its removal stands in the
  // audit log, whose days go whole, from when it came to its end: a crash puts that off.
  const Duration last = configuration_.changes_keep + configuration_.audit_keep + std::chrono::hours(24);
  const int days = static_cast<int>(last / std::chrono::hours(23)) + 2;
  std::string left = what_is_left();
  for (int day = 0; day < days && !left.empty(); ++day) {
    const auto swept = sweep();
    if (!swept.ok()) return testing::AssertionFailure() << to_string(swept.error());
    clock_.advance(std::chrono::hours(23));
    left = what_is_left();
  }
  return left.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << left;
}

std::string StoreFixture::what_is_left() const {
  std::string left;
  for (const auto& [place, value] : engine_.dump()) {
    if (may_stay(place.first, place.second)) continue;
    std::string_view key = place.second;
    const auto partition = schema::Partition::take_from(key);
    left += (partition.ok() ? partition->to_string() : "?") + " key " + to_hex(key) + "\n";
  }
  for (const auto& [place, value] : archive_engine_.dump()) {
    if (place.second[0] != static_cast<char>(schema::PartitionKind::meta)) left += "in the archive: key " + to_hex(place.second) + "\n";
  }
  return left;
}

}  // namespace telepost::test
