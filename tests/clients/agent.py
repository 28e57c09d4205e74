"""The protocol of agents at a real desk, driven by the official Python client.

    python3 -m venv venv && venv/bin/pip install mcp==2.3.0
    venv/bin/python tests/clients/agent.py target/release/sopd

Makes a workspace of its own, starts `sopd up` there, and goes through the work of four parties, each with its own
token: a mission is submitted and followed as a task, an agent that works elsewhere takes its assignment, hands in its
draft and objects, an SOP is published and run, and its start is approved by somebody else than who started it. Prints
what it has seen, and ends with an error at the first thing that is not as it should be.
"""

import asyncio
import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Literal

import httpx2
from mcp import Client
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Request, RequestParams, Result
from pydantic import ConfigDict, Field

SOPD = str(pathlib.Path(sys.argv[1]).resolve())
TASKS = "io.modelcontextprotocol/tasks"
BRIEF = """---
owner: vp.sales
workers: [{ agent: vp.sales }, { agent: mkt.demand }]
---
# Trial requests

Trial requests get lost. Say who writes which entry, and by when.
"""
DRAFT = """# Draft: mkt.demand

## Roles

- mkt.demand: answers for the trial log.

## Steps

1. **Write the trial request into the log**
   Write the trial request into the trial log within 1 business day.
   - Phase: act
   - Assignee: mkt.demand
   - Artifact: entry in the trial log

## How sure

90%
"""


class TaskParams(RequestParams):
    task_id: str = Field(alias="taskId")


class GetTask(Request[TaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    name_param = "taskId"


class CancelTask(Request[TaskParams, Literal["tasks/cancel"]]):
    method: Literal["tasks/cancel"] = "tasks/cancel"
    name_param = "taskId"


class Begun(Result):
    """What a call that became a task gives at once."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    result_type: Literal["task"] = Field(alias="resultType")
    task_id: str = Field(alias="taskId")
    status: str


class Task(Result):
    """Where a task stands."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    task_id: str = Field(default="", alias="taskId")
    status: str = ""
    status_message: str = Field(default="", alias="statusMessage")
    result: dict | None = None


class LongCalls(ClientExtension):
    """The extension by which long calls are tasks."""

    identifier = TASKS

    def claims(self):
        return [ResultClaim(result_type="task", model=Begun, resolve=self.resolve)]

    async def resolve(self, begun, context) -> CallToolResult:
        raise NotImplementedError("this client asks for tasks by hand")


def sopd(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([SOPD, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def told(sentence: str) -> None:
    print(f"- {sentence}", flush=True)


async def until(look, what: str):
    for _ in range(600):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"in a minute: {what}")


class Party:
    """A client of one party."""

    def __init__(self, name: str, mode: str = "auto") -> None:
        self.name = name
        token = json.loads(sopd("token", "new", name, "--scope", "write", "--json"))["token"]
        self.http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
        transport = streamable_http_client(f"{DESK}/mcp", http_client=self.http)
        self.client = Client(transport, mode=mode, extensions=[LongCalls()])

    async def __aenter__(self) -> "Party":
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error) -> None:
        await self.client.__aexit__(*error)
        await self.http.aclose()

    async def call(self, tool: str, **arguments) -> dict:
        answer = await self.client.session.call_tool(tool, arguments, allow_claimed=True)
        if isinstance(answer, Begun):
            return {"task": answer.task_id}
        return answer.structured_content

    async def task(self, name: str) -> Task:
        return await self.client.session.send_request(GetTask(params=TaskParams(task_id=name)), Task)

    async def cancel(self, name: str) -> None:
        await self.client.session.send_request(CancelTask(params=TaskParams(task_id=name)), Result)


async def publish(cro: Party) -> None:
    """A mission of the examples, submitted as a task, to its published SOP."""
    text = (ROOT / "missions/examples/1-lead-qualification.md").read_text()
    mission = (await cro.call("mission_submit", text=text))["task"]
    told(f"{mission} is a task: {(await cro.task(mission)).status}")
    async with cro.client.listen(prompts_list_changed=True, resources_list_changed=True) as changes:
        for party in ["chief.staff", "ceo"]:

            async def asked() -> str:
                rows = json.loads(sopd("inbox", "--for", party, "--json"))
                return next((row["id"] for row in rows if row["mission"] == mission), "")

            decision = await until(asked, f"{party} is asked about {mission}")
            sopd("approve", decision, "--as", party)
        change = await anext(aiter(changes))
        told(f"the client is told that lists have changed: {type(change).__name__}")

    async def over() -> Task | None:
        task = await cro.task(mission)
        return task if task.status == "completed" else None

    task = await until(over, f"{mission} is published")
    assert task.result["structuredContent"]["mission"]["state"] == "published", task
    told(f"the task is completed: {task.result['structuredContent']['mission']['sop']} is published")


async def draft(cro: Party) -> None:
    """An agent that works elsewhere drafts for a mission, and objects."""
    mission = (await cro.call("mission_submit", text=BRIEF))["task"]
    async with Party("mkt.demand") as worker:
        seen = await worker.call("mission_status", missionId=mission)
        assert not seen["success"] and seen["kind"] == "not_allowed", seen

        async def waits() -> dict | None:
            return next(iter((await worker.call("worker_assignments"))["assignments"]), None)

        part = await until(waits, "an assignment")
        assert part["missionId"] == mission and "You are mkt.demand" in part["request"]["user"], part
        told(f"mkt.demand takes {part['assignmentId']}, kept for it until {part['leasedUntil']}")
        own = part["assignmentId"]
        wrong = await worker.call("worker_submit_draft", assignmentId=own, draft="Tomorrow.")
        assert wrong["kind"] == "invalid", wrong
        handed = await worker.call("worker_submit_draft", assignmentId=own, draft=DRAFT)
        assert handed["status"] == "handed_in", handed

        async def merged() -> dict | None:
            return next(iter((await worker.call("worker_assignments"))["merged"]), None)

        item = (await until(merged, "a synthesis"))["items"][0]
        objection = {"item": item["item"], "reason": "A day is too long."}
        said = await worker.call("worker_submit_draft", assignmentId=own, objections=[objection])
        assert said["status"] == "objected", said
        told(f"its draft is merged, and it objects to {item['item']} being {item['fate']}")
    dissent = json.loads(sopd("show", mission, "--json"))["draft"]["dissent"]
    assert any("A day is too long." in line for line in dissent), dissent
    told(f"whoever decides reads it as dissent: {dissent[-1]}")
    await cro.cancel(mission)

    async def over() -> bool:
        return (await cro.task(mission)).status == "cancelled"

    await until(over, f"{mission} is cancelled")
    told(f"the task {mission} is cancelled, and so is the mission")


async def execute(cro: Party) -> None:
    """A run that somebody else approves."""
    prompts = (await cro.client.list_prompts()).prompts
    resources = (await cro.client.list_resources()).resources
    assert [prompt.name for prompt in prompts] == ["SOP-REV-lead-qualification"], prompts
    inputs = {"lead_id": "L-1042", "source": "demo_form", "employees": "40"}
    prompt = await cro.client.get_prompt(prompts[0].name, inputs)
    assert "L-1042" in prompt.messages[0].content.text
    text = (await cro.client.read_resource(str(resources[0].uri))).contents[0].text
    assert text == next((ROOT / "sops/REV").glob("SOP-REV-lead-qualification-v*.md")).read_text()
    told(f"it is a prompt with {len(prompts[0].arguments)} arguments, and the resource {resources[0].uri}")

    run = (await cro.call("sop_execute", sopName="lead-qualification", params=inputs))["task"]

    async def asks() -> str:
        task = await cro.task(run)
        return task.status_message if "vp.sales" in (task.status_message or "") else ""

    told(f"{run} waits: {await until(asks, 'a gate')}")
    own = await cro.call("sop_approve", runId=run)
    assert own["kind"] == "not_allowed", own
    told(f"cro cannot approve it: {own['error']}")
    # The protocol before tasks and discovery is served as well.
    async with Party("vp.sales", mode="legacy") as approver:
        inbox = (await approver.call("inbox_list"))["decisions"]
        decision = next(row for row in inbox if row["mission"] == run)
        said = await approver.call("sop_approve", runId=run, hash=decision["hash"], comment="Go on")
        assert said["status"] == "approved", said
        try:
            await approver.client.session.send_request(GetTask(params=TaskParams(task_id=run)), Task)
            raise AssertionError("a task is shown to whoever has not started it")
        except MCPError as refused:
            told(f"vp.sales approves it (protocol {approver.client.protocol_version}); the task is not its: {refused}")

    async def first_done() -> list | None:
        steps = (await cro.call("sop_status", runId=run))["stepResults"]
        return steps if steps[0]["status"] == "completed" else None

    steps = await until(first_done, "step 1")
    events = (await cro.call("sop_get_audit", runId=run))["events"]
    kinds = [event["type"] for event in events]
    assert "approval_granted" in kinds and "step_completed" in kinds, kinds
    told(f"step 1 of {len(steps)} is done; {len(events)} facts: {', '.join(dict.fromkeys(kinds))}")
    await cro.cancel(run)

    async def over() -> bool:
        return (await cro.task(run)).status == "cancelled"

    await until(over, f"{run} is cancelled")
    runs = await cro.call("sop_list_runs", status="cancelled")
    assert runs["total"] == 1, runs
    told(f"the task is cancelled, and so is {run}")


async def main() -> None:
    async with httpx2.AsyncClient() as stranger:
        answer = await stranger.post(f"{DESK}/mcp", json={})
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer", answer
    told("without a token: 401")
    async with Party("cro") as cro:
        tools = [tool.name for tool in (await cro.client.list_tools()).tools]
        told(f"protocol {cro.client.protocol_version}; {len(tools)} tools: {', '.join(tools)}")
        await publish(cro)
        await draft(cro)
        await execute(cro)
    sopd("audit", "verify")
    told("the log verifies")


with tempfile.TemporaryDirectory() as folder:
    ROOT = pathlib.Path(folder)
    sopd("init", ".")
    settings = ROOT / "sopd.yaml"
    settings.write_text('desk: { listen: "127.0.0.1:0" }\n' + settings.read_text())
    agent = ROOT / "agents/mkt.demand.md"
    agent.write_text(agent.read_text().replace("runtime: model", "runtime: external"))
    daemon = subprocess.Popen([SOPD, "up"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        DESK = daemon.stdout.readline().split(";")[0].strip().split(" ")[-1]
        asyncio.run(main())
    finally:
        daemon.terminate()
        daemon.wait()
