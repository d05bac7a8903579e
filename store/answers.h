// Messages that are answered by themselves: while their recipient is away, or by a rule. An answer is due work of the batch that brings
// the message, and is sent when that is done: nobody is answered before the message is durable, none is forgotten by a crash, and
// nobody gets the same one twice within its interval. Inside the store only.
#pragma once

#include <cstddef>

#include "schema/rules_record.h"
#include "store/recipients.h"

namespace telepost::store {

class AccountWrite;

// A copy is being put into the account's batch; `by_rule` answers instead of the account's own absence, null: no rule answers.
void consider_answer(AccountWrite& write, const Arrived& arrived, std::size_t index, const schema::AnswerRecord* by_rule);

}  // namespace telepost::store
