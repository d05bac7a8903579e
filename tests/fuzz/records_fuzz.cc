// The first byte picks a record; what decodes must encode to bytes that decode to the same record.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schema/app_password.h"
#include "schema/audit_record.h"
#include "schema/contact_records.h"
#include "schema/hold_record.h"
#include "schema/ids.h"
#include "schema/index_records.h"
#include "schema/job_records.h"
#include "schema/kept_record.h"
#include "schema/lease_record.h"
#include "schema/mail_job.h"
#include "schema/partition.h"
#include "schema/push_subscription_record.h"
#include "schema/records.h"
#include "schema/rules_record.h"
#include "schema/sender_record.h"
#include "schema/upload_record.h"
#include "schema/vacation_record.h"
#include "tests/fuzz/round_trip.h"

namespace {

namespace schema = telepost::schema;
using telepost::fuzz::round_trip;

void partition(std::string_view bytes) {
  const std::size_t size = bytes.size();
  const auto taken = schema::Partition::take_from(bytes);
  if (taken.ok() && taken->bytes().size() + bytes.size() != size) std::abort();
}

void ids(std::string_view bytes) {
  const auto message = schema::message_id_from(bytes);
  if (message.ok() && !(*schema::message_id_from(schema::to_string(*message)) == *message)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 44) {
    case 0: round_trip(schema::decode_AccountRecord, bytes); break;
    case 1: round_trip(schema::decode_HeadRecord, bytes); break;
    case 2: round_trip(schema::decode_MailboxRecord, bytes); break;
    case 3: round_trip(schema::decode_BlockRecord, bytes); break;
    case 4: round_trip(schema::decode_MessageRecord, bytes); break;
    case 5: round_trip(schema::decode_Summary, bytes); break;
    case 6: round_trip(schema::decode_ChangeRecord, bytes); break;
    case 7: round_trip(schema::decode_DeliveryKeyRecord, bytes); break;
    case 8: round_trip(schema::decode_IntentRecord, bytes); break;
    case 9: round_trip(schema::decode_PieceRecord, bytes); break;
    case 10: round_trip(schema::decode_OrphanRecord, bytes); break;
    case 11: round_trip(schema::decode_AddressRecord, bytes); break;
    case 12: round_trip(schema::decode_AccountListRecord, bytes); break;
    case 13: round_trip(schema::decode_StoreRecord, bytes); break;
    case 14: round_trip(schema::decode_CdrRecord, bytes); break;
    case 15: partition(bytes); break;
    case 16: ids(bytes); break;
    case 17: round_trip(schema::decode_JobRecord, bytes); break;
    case 18: round_trip(schema::decode_JobNameRecord, bytes); break;
    case 19: round_trip(schema::decode_MailJob, bytes); break;
    case 20: round_trip(schema::decode_SubmissionRecord, bytes); break;
    case 21: round_trip(schema::decode_SubmittedRecipientRecord, bytes); break;
    case 22: round_trip(schema::decode_ReportRecord, bytes); break;
    case 25: round_trip(schema::decode_KeptRecord, bytes); break;
    case 24: round_trip(schema::decode_AuditRecord, bytes); break;
    case 26: round_trip(schema::decode_LeaseRecord, bytes); break;
    case 27: round_trip(schema::decode_HoldRecord, bytes); break;
    case 28: round_trip(schema::decode_IndexedMessageRecord, bytes); break;
    case 29: round_trip(schema::decode_ThreadRecord, bytes); break;
    case 30: round_trip(schema::decode_PartnerRecord, bytes); break;
    case 31: round_trip(schema::decode_OrderRecord, bytes); break;
    case 32: round_trip(schema::decode_ThreadChangeRecord, bytes); break;
    case 33: round_trip(schema::decode_RecountRecord, bytes); break;
    case 34: round_trip(schema::decode_UploadRecord, bytes); break;
    case 35: round_trip(schema::decode_SenderRecord, bytes); break;
    case 36: round_trip(schema::decode_VacationRecord, bytes); break;
    case 37: round_trip(schema::decode_AnsweredRecord, bytes); break;
    case 38: round_trip(schema::decode_RulesRecord, bytes); break;
    case 39: round_trip(schema::decode_ContactsRecord, bytes); break;
    case 40: round_trip(schema::decode_CardRecord, bytes); break;
    case 41: round_trip(schema::decode_CardChangeRecord, bytes); break;
    case 42: round_trip(schema::decode_PushSubscriptionRecord, bytes); break;
    default: round_trip(schema::decode_AppPasswordRecord, bytes);
  }
  return 0;
}
