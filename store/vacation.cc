#include "store/vacation.h"

#include "store/account_write.h"
#include "store/automatic.h"
#include "store/rooms.h"

namespace telepost::store {

Result<schema::VacationRecord> read_vacation(AccountWrite& write) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, std::string(schema::keys::kVacation)));
  return bytes ? schema::decode_VacationRecord(*bytes) : Result<schema::VacationRecord>(schema::VacationRecord());
}

Result<schema::VacationRecord> vacation_of(Store& store, schema::AccountId account) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  return read_vacation(write);
}

Result<schema::VacationRecord> set_vacation(Store& store, schema::AccountId account, schema::VacationRecord vacation) {
  for (const auto* const text : {&vacation.subject, &vacation.text, &vacation.html}) {
    if (*text && (*text)->size() > kMostVacationBytes) return {Errc::too_large, "the texts of an answer have at most 20 KiB each"};
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_of(store), account, AccountWrite::Mode::with_reads));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  vacation.modseq = write.advance();
  put_vacation(write, vacation);
  TELEPOST_TRY(write.commit());
  return vacation;
}

}  // namespace telepost::store
