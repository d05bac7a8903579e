// EmailSubmission (RFC 8621 section 7): what became of an email that was sent.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "adapters/jmap/call.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/set.h"
#include "store/submission.h"

namespace telepost::adapters::jmap {

inline constexpr Duration kMaxDelayedSend = std::chrono::hours(24) * 30;

// Its record has what is followed.
using FollowedSubmission = std::pair<schema::LocalId, schema::SubmissionRecord>;

const Names& submission_properties();
std::string submission_id(schema::LocalId id);
std::optional<schema::LocalId> submission_from(std::string_view id);
std::string_view undo_status_of(const schema::SubmissionRecord& record);  // "pending", "final", "canceled"

// All properties but deliveryStatus.
Json to_json(const FollowedSubmission& submission);
Json delivery_status_of(const std::vector<schema::SubmittedRecipientRecord>& to);

// Creates one, from an email and an identity (section 7.5). What the client did not say.
SetOutcome create_submission(Call& call, schema::AccountId account, const Json& object);

Method get_submissions, submission_changes, query_submissions, submission_query_changes, set_submissions;

}  // namespace telepost::adapters::jmap
