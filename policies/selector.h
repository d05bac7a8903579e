// Whether a rule of a class of service is about a message. Pure.
#pragma once

#include <string_view>

#include "policies/lifecycle.h"
#include "schema/class_rules.h"

namespace telepost::policies {

// As the message lies in `place`, one of its mailboxes.
bool is_about(const schema::Rule& rule, const LifecycleFacts& facts, const LifecycleFacts::Place& place);
// The same for what keeps messages and must not miss one: what is not known of it counts as asked for.
bool may_be_about(const schema::Rule& rule, const LifecycleFacts& facts, const LifecycleFacts::Place& place);

// "*" stands for any run of characters, ASCII case does not count. Linear but for patterns with many stars, which backtrack to the
// last one only.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace telepost::policies
