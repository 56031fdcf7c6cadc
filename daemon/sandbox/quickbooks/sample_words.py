"""The words from which companies, people and goods are made up."""

GIVEN_NAMES = (
    "Amélie", "Björn", "Chloë", "Dáithí", "Élodie", "François", "Grace", "Héctor", "Ingrid", "José",
    "Kateřina", "Łukasz", "Müge", "Noor", "Özlem", "Priya", "Quentin", "Renée", "Søren", "Thảo",
    "Uma", "Valérie", "Wendy", "Ximena", "Yūki", "Zoë", "Sasha", "Kirby", "Diego", "Lisa",
    "Marcus", "Tanya", "Oluwaseun", "Pádraig", "Wei", "Shirin", "Anaïs", "Tomás", "Freya", "Dylan",
)  # fmt: skip
FAMILY_NAMES = (
    "O'Brien", "D'Souza", "Nguyễn", "Müller", "García", "Åkesson", "Şahin", "Kowalczyk", "Dvořák",
    "Fernández", "Tanaka", "Okafor", "Lindqvist", "Peña", "Castañeda", "Björk", "Hernández",
    "van der Meer", "de la Cruz", "Þórsson", "Rondonuwu", "Lauterbach", "Freeman", "Sollfrank",
    "Paulsen", "Whitehead", "Gevelber", "Pariente", "Kalapatapu", "Tillou", "Melton", "Shea",
    "Wilks", "Nakamura", "Osei", "Petrov", "Haddad", "Grünwald", "Ó Súilleabháin", "Lucchini",
)  # fmt: skip
TRADES = (
    "Landscaping", "Bird Sanctuary", "Plumbing & Heating", "Windsurf Shop", "Café", "Photography",
    "Medical Supplies", "Sporting Goods", "Roofing", "Bakery", "Auto Body", "Law Office",
    "Design Studio", "Crêperie", "Veterinary Clinic", "Hardware", "Music School", "Bookbinders",
    "Electric", "Property Management", "Print Shop", "Flooring", "Pest Control", "Nursery",
)  # fmt: skip
SUPPLIES = (
    "Telephone", "Insurance Agency", "Equipment Rental", "Gas and Oil", "Garden Supply", "Freight",
    "Office Products", "Lumber", "Fasteners", "Energy", "Water District", "Consulting",
    "Stone & Gravel", "Uniforms", "Software", "Tool Hire", "Waste Removal", "Accounting",
)  # fmt: skip
STREETS = (
    "Finch St.", "Ocean Dr.", "Main St.", "Cypress Hill Ave.", "S. Boise Ave", "Red Rock Rd.",
    "Court St.", "Calle Ocho", "King's Cross Ln.", "Twin Lane", "Channing", "Easy St.",
)  # fmt: skip
CITIES = (
    ("Bayshore", "CA", "94326", "INVALID", "INVALID"),
    ("Half Moon Bay", "CA", "94213", "37.4300318", "-122.4336537"),
    ("Palo Alto", "CA", "94303", "37.443231", "-122.1561846"),
    ("Tucson", "AZ", "85719", "32.2841116", "-110.9744298"),
    ("South Orange", "NJ", "07079", "40.7489277", "-74.2609903"),
    ("Española", "NM", "87532", "INVALID", "INVALID"),
    ("Cañon City", "CO", "81212", "38.4494063", "-105.2253316"),
)
SERVICES = (
    ("Services", "", "75"),
    ("Design", "Custom Design", "75"),
    ("Installation", "Installation of landscape design", "50"),
    ("Trimming", "Tree and Shrub Trimming", "35"),
    ("Pest Control", "Pest Control Services", "35"),
    ("Concrete", "Concrete for fountain installation", "9.5"),
    ("Lighting", "Garden Lighting", "15"),
    ("Maintenance & Repair", "Maintenance & Repair", "62.5"),
    ("Soil", "2 cubic ft. bag", "10"),
    ("Gardening", "Weekly Gardening Service", "22.5"),
)
GOODS = (
    ("Rock Fountain", "Rock Fountain", "275", "125"),
    ("Pump", "Fountain Pump", "22.5", "10"),
    ("Rocks", "Garden Rocks", "22.5", "11.75"),
    ("Sprinkler Heads", "Sprinkler Heads", "2", "0.75"),
    ("Sprinkler Pipes", "Sprinkler Pipes", "4", "2.5"),
    ("Sod", "Sod", "10", "6"),
)
NOTES = (
    "Thank you for your business and have a great day!",
    "It's been a pleasure working with you!",
    "Merci beaucoup, à bientôt !",
)
ACCOUNTS = (
    ("Checking", "Asset", "Bank", "Checking"),
    ("Savings", "Asset", "Bank", "Savings"),
    ("Accounts Receivable (A/R)", "Asset", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Asset", "Other Current Asset", "UndepositedFunds"),
    ("Inventory Asset", "Asset", "Other Current Asset", "Inventory"),
    ("Prepaid Expenses", "Asset", "Other Current Asset", "PrepaidExpenses"),
    ("Truck", "Asset", "Fixed Asset", "Vehicles"),
    ("Accounts Payable (A/P)", "Liability", "Accounts Payable", "AccountsPayable"),
    ("Mastercard", "Liability", "Credit Card", "CreditCard"),
    ("Visa", "Liability", "Credit Card", "CreditCard"),
    ("Loan Payable", "Liability", "Other Current Liability", "OtherCurrentLiabilities"),
    ("Notes Payable", "Liability", "Long Term Liability", "OtherLongTermLiabilities"),
    ("Opening Balance Equity", "Equity", "Equity", "OpeningBalanceEquity"),
    ("Retained Earnings", "Equity", "Equity", "RetainedEarnings"),
    ("Sales of Product Income", "Revenue", "Income", "SalesOfProductIncome"),
    ("Services", "Revenue", "Income", "ServiceFeeIncome"),
    ("Landscaping Services", "Revenue", "Income", "OtherPrimaryIncome"),
    ("Fees Billed", "Revenue", "Income", "ServiceFeeIncome"),
    ("Cost of Goods Sold", "Expense", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Advertising", "Expense", "Expense", "AdvertisingPromotional"),
    ("Automobile", "Expense", "Expense", "Auto"),
    ("Equipment Rental", "Expense", "Expense", "EquipmentRental"),
    ("Insurance", "Expense", "Expense", "Insurance"),
    ("Job Expenses", "Expense", "Expense", "SuppliesMaterials"),
    ("Legal & Professional Fees", "Expense", "Expense", "LegalProfessionalFees"),
    ("Maintenance and Repair", "Expense", "Expense", "RepairMaintenance"),
    ("Meals and Entertainment", "Expense", "Expense", "EntertainmentMeals"),
    ("Office Expenses", "Expense", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Rent or Lease", "Expense", "Expense", "RentOrLeaseOfBuildings"),
    ("Utilities", "Expense", "Expense", "Utilities"),
    ("Depreciation", "Expense", "Other Expense", "Depreciation"),
    ("Interest Earned", "Revenue", "Other Income", "InterestEarned"),
)
