//! The server: who calls, and which of the protocol's questions goes where. All work is done on threads that may
//! block, since the journal and the disk do.

use super::answers::Place;
use super::news::{MOST_WANTED, News, Wanted};
use super::{library, tasks, tools};
use crate::base::{Kind, Problem, problem};
use crate::daemon::Workspace;
use crate::front::{self, Caller, Scope};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CreateTaskResult,
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, GetTaskParams, GetTaskResult, Implementation,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, PromptMessage, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, ResourceContents, ResourceTemplate, Role, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer};

/// What clients tell their models about this server.
const INSTRUCTIONS: &str = "sopd keeps a company's standard operating procedures (SOPs). Prompts and resources are the \
active SOPs. sop_execute starts a run under control; what it asks of people is answered with sop_approve and sop_reject, \
by somebody else than who started it. mission_submit asks for a new SOP. Workers take drafting work with \
worker_assignments and hand it in with worker_submit_draft.";

/// A server of one workspace.
#[derive(Clone, Debug)]
pub struct Server {
    workspace: Workspace,
    /// Who calls, where that is one for all requests.
    caller: Option<Caller>,
    /// Which worker this is among those of its party.
    holder: String,
    news: News,
    /// What its session wants to hear of.
    wanted: Wanted,
}

impl Server {
    pub(super) fn new(workspace: Workspace, caller: Option<Caller>, news: News) -> Self {
        Self { workspace, caller, holder: uuid::Uuid::now_v7().to_string(), news, wanted: Wanted::default() }
    }

    /// Where this request works, and for whom: a party that is at work here still.
    async fn place(&self, context: &RequestContext<RoleServer>) -> Result<Place, ErrorData> {
        let of_request =
            || context.extensions.get::<http::request::Parts>()?.extensions.get::<Caller>().cloned();
        let caller = self.caller.clone().or_else(of_request);
        let caller = caller.ok_or_else(|| ErrorData::invalid_request("nobody is signed in", None))?;
        // Over HTTP a server may live no longer than one request: there a worker is known by its credential.
        let holder = if self.caller.is_some() { self.holder.clone() } else { caller.means.clone() };
        let place = Place { workspace: self.workspace.clone(), caller, holder };
        looked(move || place.workspace.check_party(&place.caller.party, &[]).map(|()| place)).await
    }

    /// The workspace of a request that looks into the library; an agent that works elsewhere has its assignments.
    async fn looking(&self, context: &RequestContext<RoleServer>) -> Result<Workspace, ErrorData> {
        let place = self.place(context).await?;
        looked(move || {
            place.caller.need(Scope::Read)?;
            front::check_sight(&place.workspace, &place.caller.party)?;
            Ok(place.workspace)
        })
        .await
    }
}

/// A problem as an error of the protocol.
fn wrong(problem: &Problem) -> ErrorData {
    let data = Some(serde_json::json!({ "shape": "sopd/errors/1", "errors": [problem] }));
    match problem.kind {
        Kind::NotFound => ErrorData::resource_not_found(problem.to_string(), data),
        Kind::Failed | Kind::Store | Kind::Machine => ErrorData::internal_error(problem.to_string(), data),
        Kind::Usage | Kind::Invalid | Kind::NotAllowed | Kind::Conflict => {
            ErrorData::invalid_params(problem.to_string(), data)
        }
    }
}

/// Does `work` on a thread that may block.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ErrorData> {
    front::apart(work).await.map_err(|problem| wrong(&problem))
}

/// A task nobody can be shown: the protocol has one error for it.
fn no_task(problems: &[Problem]) -> ErrorData {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let data = serde_json::json!({ "shape": "sopd/errors/1", "errors": problems });
    ErrorData::invalid_params(words.join("; "), Some(data))
}

async fn looked<T: Send + 'static>(
    work: impl FnOnce() -> problem::Result<T> + Send + 'static,
) -> Result<T, ErrorData> {
    apart(work).await?.map_err(|problem| wrong(&problem))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let able = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_tasks()
            .build();
        ServerConfig::new(able)
            .with_server_info(Implementation::new("sopd", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let place = self.place(&context).await?;
        Ok(ListToolsResult::with_all_items(apart(move || tools::list(&place)).await?))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let place = self.place(&context).await?;
        let name = request.name.clone();
        let by_task = context.client_capabilities().is_some_and(|able| able.supports_tasks());
        let called = apart(move || {
            let (worked, value) = tools::call(&place, &request.name, request.arguments.unwrap_or_default())?;
            let started = tasks::started_by(&request.name, &value).filter(|_| worked && by_task);
            let task = started.and_then(|id| tasks::find(&place, id).ok());
            Some((worked, value, task))
        })
        .await?;
        let (worked, value, task) =
            called.ok_or_else(|| ErrorData::invalid_params(format!("there is no tool `{name}`"), None))?;
        if let Some(task) = task {
            return Ok(CallToolResponse::Task(CreateTaskResult::new(task.task)));
        }
        let result =
            if worked { CallToolResult::structured(value) } else { CallToolResult::structured_error(value) };
        Ok(result.into())
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let place = self.place(&context).await?;
        let found = apart(move || {
            place.caller.need(Scope::Read)?;
            tasks::find(&place, &request.task_id)
        });
        Ok(GetTaskResult::new(found.await?.map_err(|problem| no_task(&[problem]))?))
    }

    /// Nothing is ever asked of the caller in a task, so what it says is thanked for.
    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let place = self.place(&context).await?;
        let found = apart(move || tasks::find(&place, &request.task_id)).await?;
        found.map(drop).map_err(|problem| no_task(&[problem]))
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let place = self.place(&context).await?;
        let cancelled = apart(move || tasks::cancel(&place, &request.task_id)).await?;
        cancelled.map_err(|problems| no_task(&problems))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.news.tell(context.peer, self.wanted.clone());
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let named = requested.resource_subscriptions.iter().flatten();
        let ours = named.filter(|address| address.starts_with(library::SCHEME)).take(MOST_WANTED);
        let filter = SubscriptionFilter::builder().prompts_list_changed().resources_list_changed();
        Some(filter.resource_subscriptions(ours.cloned()).build())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let workspace = self.looking(&context).await?;
        let address = request.uri.clone();
        looked(move || library::version(&workspace, &address)).await?;
        self.wanted.add(request.uri).map_err(|problem| wrong(&problem))
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.looking(&context).await?;
        self.wanted.remove(&request.uri);
        Ok(())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.place(context.request_context()).await?;
        self.news.tell_listener(context).await;
        Ok(())
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let workspace = self.looking(&context).await?;
        let after = page.and_then(|page| page.cursor);
        let (prompts, next) = looked(move || library::prompts(&workspace, after.as_deref())).await?;
        Ok(ListPromptsResult { next_cursor: next, ..ListPromptsResult::with_all_items(prompts) })
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let workspace = self.looking(&context).await?;
        let (title, words) =
            looked(move || library::words(&workspace, &request.name, &request.arguments.unwrap_or_default()))
                .await?;
        let messages = vec![PromptMessage::new_text(Role::User, words)];
        Ok(GetPromptResult::new(messages).with_description(title).into())
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let workspace = self.looking(&context).await?;
        let after = page.and_then(|page| page.cursor);
        let (resources, next) = looked(move || library::resources(&workspace, after.as_deref())).await?;
        Ok(ListResourcesResult { next_cursor: next, ..ListResourcesResult::with_all_items(resources) })
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.place(&context).await?;
        let template = ResourceTemplate::new(format!("{}{{sop}}", library::SCHEME), "sop")
            .with_title("A version of an SOP")
            .with_description("SOP-REV-x for the active version, SOP-REV-x-v1.0 for another")
            .with_mime_type("text/markdown");
        Ok(ListResourceTemplatesResult::with_all_items(vec![template]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let workspace = self.looking(&context).await?;
        let address = request.uri.clone();
        let text = looked(move || library::text(&workspace, &address)).await?;
        let contents = ResourceContents::text(text, request.uri).with_mime_type("text/markdown");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}
