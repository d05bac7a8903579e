#include "store/vacation.h"

#include "store/account_write.h"
#include "store/automatic.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {

namespace keys = schema::keys;

namespace {

template <class Reader>
Result<schema::VacationRecord> vacation_in(const Reader& reader) {
  TELEPOST_ASSIGN(auto record, stored<schema::decode_VacationRecord>(reader, Space::point, std::string(keys::kVacation)));
  return record ? *std::move(record) : schema::VacationRecord();
}

}  // namespace

Result<schema::VacationRecord> read_vacation(const AccountWrite& write) { return vacation_in(write); }

Result<schema::VacationRecord> vacation_of(Store& store, schema::AccountId account) {
  const auto snapshot = rooms_of(store).engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(const auto head, stored<schema::decode_HeadRecord>(*snapshot, Space::point, std::string(keys::kHead)));
  if (!head) return {Errc::not_found, "no account " + schema::to_string(account)};
  return vacation_in(*snapshot);
}

Result<schema::VacationRecord> set_vacation(Store& store, schema::AccountId account, schema::VacationRecord vacation) {
  for (const auto* const text : {&vacation.subject, &vacation.text, &vacation.html}) {
    if (*text && (*text)->size() > kMostVacationBytes) return {Errc::too_large, "the texts of an answer have at most 20 KiB each"};
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  if (write.automatic() == nullptr || !write.automatic()->vacation_damage) {  // what cannot be read is replaced
    TELEPOST_ASSIGN(const schema::VacationRecord known, read_vacation(write));
    if (known.modseq != vacation.modseq) return {Errc::conflict, "the answer was changed meanwhile"};
  }
  vacation.modseq = write.advance();
  put_vacation(write, vacation);
  TELEPOST_TRY(write.commit());
  return vacation;
}

}  // namespace telepost::store
