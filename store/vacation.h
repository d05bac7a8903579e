// What an account answers while its subscriber is away (RFC 8621 section 8): a setting of his. store/answers.h has who is answered, and when.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/vacation_record.h"

namespace telepost::store {

class AccountWrite;
class Store;

inline constexpr std::size_t kMostVacationBytes = 20u << 10;  // of each text; an answer is small mail, whatever is written to us

// Any thread; blocking. Errors: not_found, io, corrupt.
Result<schema::VacationRecord> vacation_of(Store& store, schema::AccountId account);
// In the place of the one with that modseq. Durable at return; gives it with its new modseq. Errors: too_large, conflict (it was changed
// meanwhile).
Result<schema::VacationRecord> set_vacation(Store& store, schema::AccountId account, schema::VacationRecord vacation);

// In a mode with reads; as it is before anybody set it, where there is none.
Result<schema::VacationRecord> read_vacation(const AccountWrite& write);

}  // namespace telepost::store
