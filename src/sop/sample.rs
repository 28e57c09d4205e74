//! One whole SOP in its canonical form, for tests.

/// As a company would write it.
pub(crate) const SAMPLE: &str = r#"---
id: SOP-REV-lead-qualification
version: 1.1
title: Lead qualification
department: REV
owner: vp.sales
objective: Sales calls every qualified lead within one business day.
description: Scores an inbound lead and hands a qualified one to the right seller.
risk_level: medium
impact: A good lead goes cold, or sellers spend their day on poor ones.
execution_mode: supervised
priority: normal
triggers:
  - manual
  - webhook: "/leads/new"
cooldown: 5 minutes
max_concurrent: 3
admission: hold
confidence: 80
review_every: 6 months
created_by: sop.manager
created_at: 2026-11-20
mission: M-2026-1120-lead-qualification
supersedes: 1.0
---

# Lead qualification

## Purpose

Sales spends its hours on leads that can buy, and every such lead hears from a person within one business day.

## Scope

In scope: inbound leads from the demo form, events and referrals. Out of scope: existing customers.

- **Qualified lead**: a lead with a BANT score of 70 or more and a confirmed company size.

## Roles

- vp.sales: owns this SOP and decides disputed scores.
- sales.ops: keeps the record complete.
- chief.staff, coo: approve the hand-over, two of two.

## Trigger

A new lead record is created in the CRM with the status `new`.

## Inputs

| Name        | Type                               | Required | Description |
| ----------- | ---------------------------------- | -------- | ----------- |
| `lead_id`   | text                               | yes      | The record's number in the CRM. |
| `source`    | choice: demo_form, event, referral | yes      | Where the lead came from. |
| `employees` | number                             | no       | Company size, when the form asked for it. |

## Pre-flight

- The CRM record `lead_id` exists and has no owner yet.

## Steps

### Step 1: Enrich the record

Fill in company size and industry from the form and the website.

```bash
./crm enrich "$INPUT_LEAD_ID"

## not a heading
```

**Assignee**: sales.ops  
**Artifact**: lead record with size and industry  
**When**: inputs.source != "referral"  
**On Failure**: retry 2 every 5 minutes  
**Needs Skills**: crm  
**Time Limit**: 10 minutes

### Step 2: Score the lead

Rate budget, authority, need and timing from 0 to 25 each. A sum of 70 or more MUST be marked qualified.

**Assignee**: vp.sales  
**Artifact**: BANT score on the record  
**Depends On**: 1  
**Confidence**: 80%

**Output**:

```json
{
  "type": "object"
}
```

### Step 3: Hand over the lead

Assign the qualified lead to the seller of its region and send the first message.

**Assignee**: vp.sales  
**Artifact**: owner set and first message logged  
**Approval Required**: Yes  
**Approvers**: chief.staff, coo (2)  
**Approval Timeout**: 30 minutes, then escalate  
**Reaches Customers**: Yes

**Rollback**: Take the owner off the record again.

```bash
./crm release "$INPUT_LEAD_ID"
```

## Definition of done

The record has a score and, at 70 or more, an owner and a logged first message within 1 business day.

## Confidence and escalation

- A score with confidence below 80% goes to vp.sales for review.
- Exceptions go to chief.staff with the record and the reason.

## Risk and rollback

- Risk: a wrong score sends a lead to nobody.
- Rollback: reset the status to `new` and clear the owner.

## References

- [[SOP-REV-lead-routing]]: how regions map to sellers.

## Change log

- v1.1 (2026-11-20): Adds the referral exception.
- v1.0 (2026-05-02): First version.
"#;
