#include "store/duty.h"

namespace telepost::store {
namespace {

// Of an account that is not being deleted any more.
Result<void> nothing(DutyWork&, AccountWrite&, const DueItem&) { return {}; }

constexpr Duty kDuties[] = {
    {due::kExpire, SweepKind::expire, false, false, expire, nullptr},
    {due::kUnlink, SweepKind::reclaim, true, false, nullptr, unlink},
    {due::kForgetKey, SweepKind::reclaim, false, false, forget_key, nullptr},
    {due::kTrimChanges, SweepKind::reclaim, false, false, trim_changes, nullptr},
    {due::kCheckAddresses, SweepKind::reclaim, true, false, check_addresses, nullptr},
    {due::kRemoveContent, SweepKind::reclaim, true, false, nothing, nullptr},
    {due::kServeIntents, SweepKind::reclaim, true, true, nullptr, serve_intents},
    {due::kServeSubmission, SweepKind::reclaim, true, true, nullptr, serve_submission},
    {due::kReport, SweepKind::reclaim, true, true, nullptr, send_report},
    {due::kForgetSubmission, SweepKind::reclaim, false, false, forget_submission, nullptr},
};

}  // namespace

const Duty* duty_of(char what) {
  for (const Duty& duty : kDuties) {
    if (duty.what == what) return &duty;
  }
  return nullptr;
}

}  // namespace telepost::store
