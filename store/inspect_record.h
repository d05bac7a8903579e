// The parts of inspect: keys by layout, records by field. Inside inspect only.
#pragma once

#include "schema/job_records.h"
#include "schema/records.h"
#include "store/inspect.h"

namespace telepost::store {

using Fields = Inspected::Fields;

// What a record says. Nothing: the bytes are no such record.
using Describe = bool (*)(std::string_view bytes, Fields& fields);

bool describe_account(std::string_view bytes, Fields& fields);
bool describe_head(std::string_view bytes, Fields& fields);
bool describe_mailbox(std::string_view bytes, Fields& fields);
bool describe_block(std::string_view bytes, Fields& fields);
bool describe_message(std::string_view bytes, Fields& fields);
bool describe_summary(std::string_view bytes, Fields& fields);
bool describe_kept(std::string_view bytes, Fields& fields);
bool describe_change(std::string_view bytes, Fields& fields);
bool describe_delivery_key(std::string_view bytes, Fields& fields);
bool describe_intent(std::string_view bytes, Fields& fields);
bool describe_piece(std::string_view bytes, Fields& fields);
bool describe_packed(std::string_view bytes, Fields& fields);
bool describe_dictionaries(std::string_view bytes, Fields& fields);
bool describe_dictionary(std::string_view bytes, Fields& fields);
bool describe_orphan(std::string_view bytes, Fields& fields);
bool describe_address(std::string_view bytes, Fields& fields);
bool describe_listed(std::string_view bytes, Fields& fields);
bool describe_hold(std::string_view bytes, Fields& fields);
bool describe_lease(std::string_view bytes, Fields& fields);
bool describe_store(std::string_view bytes, Fields& fields);
bool describe_audit(std::string_view bytes, Fields& fields);
bool describe_visit(std::string_view bytes, Fields& fields);
bool describe_redating(std::string_view bytes, Fields& fields);
bool describe_cdr(std::string_view bytes, Fields& fields);
bool describe_job(std::string_view bytes, Fields& fields);
bool describe_app_password(std::string_view bytes, Fields& fields);
bool describe_upload(std::string_view bytes, Fields& fields);
bool describe_push_subscription(std::string_view bytes, Fields& fields);
bool describe_sender(std::string_view bytes, Fields& fields);
bool describe_vacation(std::string_view bytes, Fields& fields);
bool describe_answered(std::string_view bytes, Fields& fields);
bool describe_rules(std::string_view bytes, Fields& fields);
bool describe_submission(std::string_view bytes, Fields& fields);
bool describe_submitted_recipient(std::string_view bytes, Fields& fields);
bool describe_job_name(std::string_view bytes, Fields& fields);
bool describe_mailbox_number(std::string_view bytes, Fields& fields);
bool describe_account_number(std::string_view bytes, Fields& fields);
bool describe_digests(std::string_view bytes, Fields& fields);  // or an address: what due work carries
bool describe_link(std::string_view bytes, Fields& fields);
bool describe_size(std::string_view bytes, Fields& fields);
bool describe_messages(std::string_view bytes, Fields& fields);
bool describe_nothing(std::string_view bytes, Fields& fields);
bool describe_hex(std::string_view bytes, Fields& fields);

// store/inspect_sign_in.cc
bool describe_second_factor(std::string_view bytes, Fields& fields);
bool describe_token(std::string_view bytes, Fields& fields);

// store/inspect_contacts.cc
bool describe_contacts(std::string_view bytes, Fields& fields);
bool describe_card(std::string_view bytes, Fields& fields);
bool describe_card_number(std::string_view bytes, Fields& fields);
bool describe_card_change(std::string_view bytes, Fields& fields);

// store/inspect_index.cc
bool describe_uid(std::string_view bytes, Fields& fields);  // or nothing: in an order of the index
bool describe_indexed_message(std::string_view bytes, Fields& fields);
bool describe_thread(std::string_view bytes, Fields& fields);
bool describe_thread_number(std::string_view bytes, Fields& fields);
bool describe_partner(std::string_view bytes, Fields& fields);
bool describe_order(std::string_view bytes, Fields& fields);
bool describe_reindex(std::string_view bytes, Fields& fields);
bool describe_recount(std::string_view bytes, Fields& fields);
bool describe_thread_change(std::string_view bytes, Fields& fields);
bool describe_search(std::string_view bytes, Fields& fields);
bool describe_searched_message(std::string_view bytes, Fields& fields);
bool describe_search_documents(std::string_view bytes, Fields& fields);
bool describe_postings(std::string_view bytes, Fields& fields);

}  // namespace telepost::store
