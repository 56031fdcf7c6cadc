"""A stand-in for QuickBooks Online.

`QuickBooksSandbox` is one synchronous function from a request to a reply, plus the controls of
whoever plays the vendor. Reading order:

| module | what it holds |
|---|---|
| `sandbox` | `handle`: limits, faults, routing, headers |
| `control`, `vendor_acts`, `churn`, `control_http` | playing the vendor: companies, acts, faults, counts |
| `routes`, `exchange` | requests, replies, and which part of the vendor a request is for |
| `oauth_endpoints`, `grants` | consent, tokens, rotation |
| `accounting_api`, `write_api`, `request_ids` | reads and writes over HTTP |
| `query_lexer`, `query_parser`, `query_evaluator` | the query language |
| `cdc` | change data capture |
| `writes`, `completion`, `transaction_completion`, `voiding`, `emails`, `merges` | what a write does to its object |
| `postings`, `settlement`, `deposits`, `payment_lines`, `ledger_accounts` | what it does to others |
| `request_body`, `body_shape`, `references` | what a body must be |
| `entity`, `name_entities`, `transaction_entities`, `catalogue` | the object types, as tables |
| `world`, `company`, `table`, `changeset` | the state, and how it changes |
| `mutation_log`, `write_ledger`, `digest`, `statistics` | what a checker can ask |
| `generator`, `generated_lists`, `generated_transactions`, `sample_bodies`, `sample_words` | made-up data |
| `webhook_events`, `webhook_sender` | what tells others of changes, and how often it tries |
| `faults`, `limiter`, `behaviour`, `chance` | what goes wrong, and the switches |
| `api_fault`, `fault_bodies` | refusals, and the shapes they come in |
| `timestamps`, `json_text` | how the vendor prints time and numbers |
"""

from daemon.sandbox.exchange import Disconnect, SandboxReply, SandboxRequest
from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.company import Environment, Subscription
from daemon.sandbox.quickbooks.control import DEFAULT_APP
from daemon.sandbox.quickbooks.digest import Digest
from daemon.sandbox.quickbooks.faults import Fault, FaultKind
from daemon.sandbox.quickbooks.grants import ACCOUNTING_SCOPE, App
from daemon.sandbox.quickbooks.limiter import Limits, ThrottleForm
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind
from daemon.sandbox.quickbooks.routes import Route
from daemon.sandbox.quickbooks.sandbox import QuickBooksSandbox
from daemon.sandbox.quickbooks.statistics import Statistics
from daemon.sandbox.quickbooks.webhook_sender import (
    DEFAULT_VERIFIER_TOKEN,
    WebhookForm,
    WebhookMode,
    WebhookSender,
)
from daemon.sandbox.quickbooks.write_ledger import AppliedWrite

__all__ = [
    "ACCOUNTING_SCOPE",
    "DEFAULT_APP",
    "DEFAULT_VERIFIER_TOKEN",
    "App",
    "AppliedWrite",
    "Behaviour",
    "Digest",
    "Disconnect",
    "Environment",
    "Fault",
    "FaultKind",
    "Limits",
    "Mutation",
    "MutationKind",
    "QuickBooksSandbox",
    "Route",
    "SandboxReply",
    "SandboxRequest",
    "Statistics",
    "Subscription",
    "ThrottleForm",
    "WebhookForm",
    "WebhookMode",
    "WebhookSender",
]
